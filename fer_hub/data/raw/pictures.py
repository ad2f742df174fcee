"""The picture files below a folder, known by what they hold and not by how they are called."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fer_hub.data.raw.row import Row
from fer_hub.errors import InputError
from fer_hub.vision.formats import HEAD, picture_kind
from fer_hub.vision.images import FORMAT_WORDS, FORMATS, known_formats

NO_PICTURE = "not a picture"

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}  # not opened to be listed; damage shows when they are read


@dataclass(frozen=True)
class PictureFiles:
    """What lies below a folder, in order of the names; hidden files and links in circles are left aside."""

    folder: Path
    pictures: list[Path] = field(default_factory=list)
    others: dict[Path, str] = field(default_factory=dict)
    """Any other file -> why it is no picture that can be used."""

    def unused(self, *used: Path) -> Iterator[Row]:
        """A row that is left out for each of the others, but for the lists and tables that were `used`."""
        known = set(used)
        for path, reason in self.others.items():
            if path not in known:
                yield Row(path, "", path.relative_to(self.folder).as_posix(), left_out=reason)


def picture_files(folder: Path) -> PictureFiles:
    """List the files in and below a folder. Raises InputError where none is a picture that can be used."""
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; give the one that holds the dataset.")
    found = PictureFiles(folder)
    for path in sorted(visible_files(folder)):
        if not path.is_file():  # a pipe or a device, or a link to nothing
            found.others[path] = "not a file"
        elif reason := "" if path.suffix.lower() in PICTURE_SUFFIXES else _why_not(path):
            found.others[path] = reason
        else:
            found.pictures.append(path)
    if not found.pictures:
        raise InputError(f"{folder} holds no {known_formats()} picture; give the folder of the unpacked dataset.")
    return found


def visible_files(folder: Path) -> Iterator[Path]:
    """The files in and below a folder, in no order; links are followed, but not in circles."""
    visited = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if not _hidden(name)]
        yield from (Path(place, name) for name in files if not _hidden(name))


def _hidden(name: str) -> bool:
    """What systems leave beside the files themselves."""
    return name.startswith((".", "__MACOSX"))


def _why_not(path: Path) -> str:
    """Why a file is no picture that can be used; empty where it is one."""
    try:
        with path.open("rb") as file:
            kind = picture_kind(file.read(HEAD))
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    if kind in FORMATS:
        return ""
    return f"{FORMAT_WORDS.get(kind, kind)} picture: convert it to JPEG or PNG" if kind else NO_PICTURE
