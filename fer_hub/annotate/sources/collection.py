"""SOURCE -> its items in one order, one after the other, so that no collection is too large to be listed."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer_hub.annotate.sources.archives import MAX_VIDEO_BYTES, archive_items, table_items
from fer_hub.annotate.sources.hub_datasets import DATASET_REFERENCE, dataset_files
from fer_hub.annotate.sources.items import (
    ARCHIVE_SUFFIXES,
    PHOTO_SUFFIXES,
    REFUSED_SUFFIXES,
    TABLE_SUFFIXES,
    VIDEO_SUFFIXES,
    Item,
    Unreadable,
    name_of,
    stamp_of,
)
from fer_hub.data.raw.tables import read_lines
from fer_hub.errors import InputError

SOURCE_FORMS = (
    "a photo, a video, a folder of them, a list of their paths (.txt), a WebDataset (.tar), a table (.parquet), or "
    "owner/name[@revision] of a dataset on the Hub"
)


@dataclass(frozen=True)
class Count:
    """How much a collection holds."""

    photos: int
    videos: int


@dataclass(frozen=True)
class Collection:
    """What is to be annotated."""

    name: str
    """What summary and card call it."""
    items: Callable[[], Iterator[Item]]
    """Lists them, each time in the same order."""
    count: Callable[[], Count | None]
    """How many there are, quickly; None where only reading all of it could tell."""


def open_collection(source: str) -> Collection:
    """Find out what SOURCE is. Raises InputError where it is none of `SOURCE_FORMS`."""
    path = Path(source)
    name = name_of(Path(path.absolute().name))
    if path.is_dir():
        return Collection(name, partial(_folder_items, path), lambda: _count(_walk(path)))
    if path.suffix.lower() == ".txt" and path.is_file():
        return Collection(
            name, partial(_listed_items, path), lambda: _count(path.parent / line for _, line in read_lines(path))
        )
    if path.is_file():
        return Collection(name, partial(_file_items, path, path.name), lambda: _count([path]))
    if found := DATASET_REFERENCE.fullmatch(source):
        dataset, revision = found["id"], found["revision"]
        next(dataset_files(dataset, revision), None)  # better before the work than in it
        return Collection(source, partial(_hub_items, dataset, revision), lambda: None)
    raise InputError(f"there is no collection {source!r}; give {SOURCE_FORMS}.")


def _folder_items(folder: Path) -> Iterator[Item]:
    for path in _walk(folder):
        yield from _file_items(path, name_of(path.relative_to(folder)))


def _listed_items(file: Path) -> Iterator[Item]:
    for _, line in read_lines(file):
        yield from _file_items(file.parent / line, name_of(Path(line)))


def _file_items(path: Path, name: str) -> Iterator[Item]:
    """What a file holds: itself, or what is in an archive or a table."""
    suffix = path.suffix.lower()
    if problem := _no_file(path):
        yield Item(name, Unreadable(problem), "")
    elif suffix in ARCHIVE_SUFFIXES:
        yield from archive_items(path, name, stamp_of(path))
    elif suffix in TABLE_SUFFIXES:
        yield from table_items(path, name, stamp_of(path))
    else:
        yield Item(name, path, stamp_of(path))


def _no_file(path: Path) -> str | None:
    """What leads somewhere, but to no file: why it is not read."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None  # whoever opens it will say why
    if stat.S_ISREG(mode):
        return None
    if not stat.S_ISDIR(mode):
        return "it is a pipe, a socket or a device, and no file."
    if path.is_symlink():
        return "it is a link to a folder, and such links are not followed."
    try:
        os.scandir(path).close()
    except OSError as error:
        return f"this folder cannot be opened: {os.strerror(error.errno or 0).lower()}."
    return "it is a folder; a list names files."


def _hub_items(dataset: str, revision: str | None) -> Iterator[Item]:
    for file, stamp in dataset_files(dataset, revision):
        suffix = Path(file.path).suffix.lower()
        if file.path.startswith(".") or "/." in file.path:
            continue
        if suffix in ARCHIVE_SUFFIXES:
            yield from archive_items(file, file.path, stamp)
        elif suffix in TABLE_SUFFIXES:
            yield from table_items(file, file.path, stamp)
        elif suffix in VIDEO_SUFFIXES and file.size > MAX_VIDEO_BYTES:
            yield Item(file.path, Unreadable(f"this is larger than {MAX_VIDEO_BYTES // 1_000_000} MB."), stamp)
        elif suffix in (*PHOTO_SUFFIXES, *REFUSED_SUFFIXES, *VIDEO_SUFFIXES):
            yield Item(file.path, file, stamp)


def _count(files: Iterable[Path]) -> Count:
    photos = videos = 0
    for path in files:
        suffix = path.suffix.lower()
        if suffix in VIDEO_SUFFIXES:
            videos += 1
        elif suffix in (*ARCHIVE_SUFFIXES, *TABLE_SUFFIXES):
            packed = Counter(item.is_video for item in _file_items(path, ""))
            photos, videos = photos + packed[False], videos + packed[True]
        else:
            photos += 1
    return Count(photos, videos)


def _walk(folder: Path) -> Iterator[Path]:
    """Photos, videos, archives and tables in and below a folder, in order of their names. Links to folders and folders
    that cannot be opened are among them, and are listed as not read; what is hidden is left out."""
    known = (*PHOTO_SUFFIXES, *REFUSED_SUFFIXES, *VIDEO_SUFFIXES, *ARCHIVE_SUFFIXES, *TABLE_SUFFIXES)
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, os.path.isdir(entry.path), entry.is_symlink()) for entry in entries)
    except OSError:
        yield folder
        return
    for name, is_folder, is_link in found:
        if name.startswith((".", "__MACOSX")):
            continue
        if is_folder and not is_link:
            yield from _walk(folder / name)
        elif is_folder or name.lower().endswith(known):
            yield folder / name
