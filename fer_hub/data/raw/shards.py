"""Tar archives, and WebDataset shards: archives in which the members of one example follow each other by one name."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from fer_hub.data.vocabulary.columns import LABEL_COLUMNS, named
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import InputError
from fer_hub.vision.formats import HEAD, picture_kind

MAX_HEADER_BYTES = 1 << 20
"""What an archive may say of one member beside its content: long names."""

MAX_MEMBER_BYTES = 64 << 20
"""A larger member is no picture that can be used, and is not read."""

_TEXTS = ("cls", "txt", "json")


class _Member(tarfile.TarInfo):
    """Refuses what would be read into memory before anybody could look at it."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if not self.isreg() and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member


def regular_members(archive: Path | IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """Yield the files in an uncompressed tar archive, in its order. Raises OSError, ValueError or TarError."""
    file = archive.open("rb") if isinstance(archive, Path) else archive
    with file, tarfile.open(fileobj=file, mode="r:", tarinfo=_Member) as opened:
        for member in opened:
            opened.members = []  # type: ignore[attr-defined]  # or all would be remembered
            if member.isreg():
                yield member


def shard_examples(shard: Path) -> Iterator[tuple[str, bytes | None, str | None]]:
    """Yield name, picture and label, as they are written, of each example of a shard; None for what it lacks.

    The label is the text of `.cls` or `.txt`, or what `.json` says under a name that labels have. Nothing is
    unpacked to the disk. Raises InputError for a file that is no tar.
    """
    name, picture, label = "", None, None
    try:
        with shard.open("rb") as file:
            for member in regular_members(shard):
                path = PurePosixPath(member.name)
                if path.name.startswith(".") or member.size > MAX_MEMBER_BYTES or member.sparse is not None:
                    continue
                stem, _, ending = path.name.partition(".")
                if (here := str(path.with_name(stem))) != name:
                    if name:
                        yield name, picture, label
                    name, picture, label = here, None, None
                file.seek(member.offset_data)
                content = file.read(member.size)
                if ending.lower() in _TEXTS:
                    label = _label(content, ending.lower()) or label
                elif picture is None and picture_kind(content[:HEAD]):
                    picture = content
    except (tarfile.TarError, OSError, ValueError) as error:
        raise InputError(f"{shard.name} is not a whole tar file ({error}); fetch it again.") from None
    if name:
        yield name, picture, label


def split_of_shard(shard: Path, folder: Path) -> str | None:
    """The split that a shard's name means, or the folder it lies in."""
    return split_of(shard.stem) or next(
        (split for part in reversed(shard.relative_to(folder).parts[:-1]) if (split := split_of(part))), None
    )


def _label(content: bytes, ending: str) -> str | None:
    try:
        text = content.decode("utf-8-sig")
        if ending != "json":
            return text.strip()
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None if isinstance(fields, list) else str(fields)
    column = named(list(fields), LABEL_COLUMNS)
    return None if column is None or fields[column] is None else str(fields[column])
