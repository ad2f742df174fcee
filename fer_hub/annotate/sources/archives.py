"""Photos and videos in tar archives (WebDataset), photos in parquet tables: listed by their place, read in turn.

Whoever packed them is a stranger: each size is looked at before so much is read.
"""

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fer_hub.annotate.sources.hub_datasets import HubFile
from fer_hub.annotate.sources.items import (
    PHOTO_SUFFIXES,
    REFUSED_SUFFIXES,
    VIDEO_SUFFIXES,
    ArchiveMember,
    Cell,
    Item,
    Unreadable,
)
from fer_hub.data.raw.shards import regular_members
from fer_hub.data.vocabulary.columns import IMAGE_COLUMNS, find_column
from fer_hub.errors import InputError, first_line

MAX_PHOTO_BYTES = 256_000_000
"""A photo in an archive or a table may be so large, as it is packed."""

MAX_VIDEO_BYTES = 4_000_000_000
"""A video in an archive or on the Hub may be so large: each process that looks at one holds a copy on the disk."""

MAX_COLUMN_BYTES = 8_000_000_000
"""Photos of one row group of a table, unpacked."""

_BLOCK_BYTES = 4 << 20
"""Of a video that is copied at once."""

_ROWS = 8
"""Rows of a table that are unpacked together."""


def archive_items(path: Path | HubFile, name: str, stamp: str) -> Iterator[Item]:
    """The photos and videos in an uncompressed tar archive, in its order; all else in it is left out.

    `stamp` changes with its content.
    """
    try:
        for member in regular_members(path if isinstance(path, Path) else path.open()):
            suffix = Path(member.name).suffix.lower()
            if suffix in (*PHOTO_SUFFIXES, *REFUSED_SUFFIXES, *VIDEO_SUFFIXES):
                yield Item(f"{name}/{_text(member.name)}", _member_place(path, member), f"{stamp}-{member.offset}")
    except (OSError, ValueError, tarfile.TarError) as error:
        yield Item(name, Unreadable(f"the archive cannot be read to its end: {first_line(error)}."), stamp)


def table_items(path: Path | HubFile, name: str, stamp: str) -> Iterator[Item]:
    """The photos in a parquet table, in its order; they are in the first column that bears a name of photos.

    `stamp` changes with its content.
    """
    try:
        with _opened(path) as table:
            column = find_column(table.schema_arrow.names, IMAGE_COLUMNS, "the table")
            for row in range(table.metadata.num_rows):
                yield Item(f"{name}#{row}", Cell(path, column, row), stamp)
    except InputError as error:
        yield Item(name, Unreadable(str(error)), stamp)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield Item(name, Unreadable(f"the table cannot be read: {first_line(error)}."), stamp)


def read_member(member: ArchiveMember) -> bytes:
    """The bytes of a member of an archive. Raises OSError."""
    if isinstance(member.file, HubFile):
        return member.file.read(member.start, member.size)
    with member.file.open("rb") as file:
        file.seek(member.start)
        return file.read(member.size)


@contextmanager
def local_copy(place: Path | HubFile | ArchiveMember) -> Iterator[Path]:
    """A file of this machine that holds what lies there: a temporary copy of what is in an archive or on the Hub.

    Raises OSError, or FerHubError where the Hub does not give it.
    """
    if isinstance(place, Path):
        yield place
        return
    archive, start = (place.file, place.start) if isinstance(place, ArchiveMember) else (place, 0)
    left = place.size
    with tempfile.TemporaryDirectory(prefix="fer-hub-") as folder:
        file = Path(folder, "copy")
        with file.open("wb") as copy, archive.open("rb") if isinstance(archive, Path) else archive.open() as packed:
            packed.seek(start)
            while block := packed.read(min(left, _BLOCK_BYTES)):
                copy.write(block)
                left -= len(block)
        yield file


def read_cells(cells: list[Cell]) -> Iterator[bytes]:
    """The photos in some cells of one column of one table, in the order of their rows. Raises InputError."""
    first, wanted = cells[0], iter([cell.row for cell in cells])
    row = next(wanted)
    try:
        with _opened(first.file) as table:
            start = 0
            for group in range(table.num_row_groups):
                size = table.metadata.row_group(group).num_rows
                if start <= row < start + size:
                    _check_group(table, group, first.column)
                    for batch in table.iter_batches(_ROWS, row_groups=[group], columns=[first.column]):
                        while start <= row < start + len(batch):
                            yield _bytes(batch[0][row - start])
                            if (following := next(wanted, None)) is None:
                                return
                            row = following
                        start += len(batch)
                else:
                    start += size
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"the table cannot be read: {first_line(error)}.") from None
    raise InputError("the table has become shorter.")


def _opened(file: Path | HubFile) -> pq.ParquetFile:
    return pq.ParquetFile(file if isinstance(file, Path) else file.open())


def _member_place(path: Path | HubFile, member: tarfile.TarInfo) -> ArchiveMember | Unreadable:
    most = MAX_VIDEO_BYTES if member.name.lower().endswith(VIDEO_SUFFIXES) else MAX_PHOTO_BYTES
    if member.sparse is not None or member.size > most:
        return Unreadable(f"this is larger than {most // 1_000_000} MB, or has holes.")
    return ArchiveMember(path, member.offset_data, member.size)


def _check_group(table: pq.ParquetFile, group: int, column: str) -> None:
    """Raise InputError where a row group says that its photos are more than anybody packs together."""
    chunks = table.metadata.row_group(group)
    paths = [chunks.column(index) for index in range(chunks.num_columns)]
    if sum(c.total_uncompressed_size for c in paths if c.path_in_schema.split(".")[0] == column) > MAX_COLUMN_BYTES:
        raise InputError(f"a row group of the table holds more than {MAX_COLUMN_BYTES // 1_000_000_000} GB of photos.")


def _bytes(value: pa.Scalar) -> bytes:
    """A cell of bytes, or of bytes and path as the datasets library writes it; empty where there are none."""
    stored = value.as_py()
    if isinstance(stored, dict):
        stored = stored.get("bytes")
    return stored if isinstance(stored, bytes) else b""


def _text(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
