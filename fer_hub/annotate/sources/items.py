"""What a collection consists of: one photo or video each, named, and found again without the collection being read."""

from dataclasses import dataclass
from pathlib import Path

from fer_hub.annotate.sources.hub_datasets import HubFile
from fer_hub.errors import FerHubError, printable

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
REFUSED_SUFFIXES = (".heic", ".heif", ".avif", ".jxl")
"""Photos too, that `open_image` refuses: listed with the reason, so that nobody misses them."""
VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".ts", ".mts")
ARCHIVE_SUFFIXES = (".tar",)
TABLE_SUFFIXES = (".parquet",)


@dataclass(frozen=True)
class ArchiveMember:
    """A file in a tar archive: some bytes of it."""

    file: Path | HubFile
    start: int
    size: int


@dataclass(frozen=True)
class Cell:
    """A picture in a parquet table."""

    file: Path | HubFile
    column: str
    row: int


@dataclass(frozen=True)
class Unreadable:
    """Nothing that could be opened."""

    problem: str


@dataclass(frozen=True)
class Item:
    """A photo or a video of the collection."""

    source: str
    """What the tables call it: its path in the collection, `archive.tar/member` or `table.parquet#row`."""
    place: Path | HubFile | ArchiveMember | Cell | bytes | Unreadable
    stamp: str
    """Changes with its content, as far as that can be told without reading it."""

    @property
    def is_video(self) -> bool:
        return self.source.lower().endswith(VIDEO_SUFFIXES)


def name_of(path: Path) -> str:
    """A path as the tables write it; bytes that are no text are escaped."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def problem_of(error: FerHubError, path: Path) -> str:
    """What an error says of a file, without its path and name: the row has its source, and a table may be published."""
    shown = f"'{printable(str(path)[:200])}'"
    text = str(error).replace(f"at {shown}", "at this path").replace(shown, "it")
    for name in (path.name, printable(path.name[:200])):
        if text.startswith(name):
            return f"it{text.removeprefix(name)}"
    return text


def stamp_of(path: Path) -> str:
    """Size and time of a file, or that there is none."""
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_size}-{status.st_mtime_ns}"
