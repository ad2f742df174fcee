"""Items -> parts: the work in pieces that one process does at a time, each named by what goes into it.

A part's file holds all its rows or does not exist. So a run that was killed goes on with the parts that are missing,
and which process, or which machine, does a part changes nothing in it.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_hub.annotate.settings import Settings
from fer_hub.annotate.sources.items import Item
from fer_hub.errors import FerHubError
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import LOOKS_PER_SECOND

PART_PHOTOS = 128
"""Photos in a part: what a killed run may lose of its work, once for each process."""

PART_SECONDS = 300.0
"""Of a video in a part; each part passes over the file up to where it begins."""

MAX_VIDEO_SECONDS = 48 * 3600


@dataclass(frozen=True)
class Stretch:
    """From when to when, in seconds, a part looks at its video."""

    start: float
    end: float


@dataclass(frozen=True)
class Part:
    """Some photos of a collection, or a stretch of one video."""

    name: str
    """Group, place in it, and digest, as `00000012-0003-...`; a group is all of one video, or one part of photos."""
    items: tuple[Item, ...]
    looks: int
    """Pictures that are to be searched, about."""
    stretch: Stretch | None = None

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


@dataclass(frozen=True)
class Share:
    """Which of `count` equal shares of the work is done here, from 1."""

    number: int = 1
    count: int = 1


WHOLE = Share()


def group_of(file: Path) -> str:
    """The group that a part's file belongs to."""
    return file.name.partition("-")[0]


class Plan:
    """The parts of one share of the work, listed once."""

    def __init__(self, items: Iterable[Item], settings: Settings, share: Share = WHOLE) -> None:
        self.files: list[str] = []
        """The names of the parts that are listed so far."""
        self._items, self._settings, self._share = items, settings, share
        self._sources = hashlib.blake2b(digest_size=8)

    @property
    def collection(self) -> str:
        """Digest of the names of all items of all shares, once they are listed."""
        return self._sources.hexdigest()

    def __iter__(self) -> Iterator[Part]:
        for number, group in enumerate(_groups(self._items)):
            self._sources.update(repr([item.source for item in group]).encode())
            if number % self._share.count != self._share.number - 1:
                continue
            for place, (looks, stretch) in enumerate(_stretches(group[0]) or [(len(group), None)]):
                part = Part(f"{number:08d}-{place:04d}-{self._digest(group, stretch)}", group, looks, stretch)
                self.files.append(part.file)
                yield part

    def _digest(self, items: tuple[Item, ...], stretch: Stretch | None) -> str:
        content = [self._settings.digest, stretch, *((item.source, item.stamp) for item in items)]
        return hashlib.blake2b(repr(content).encode(), digest_size=8).hexdigest()


def _groups(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Each video alone, and photos by the dozen, in the order in which groups are full."""
    photos: list[Item] = []
    for item in items:
        if item.is_video:
            yield (item,)
            continue
        photos.append(item)
        if len(photos) == PART_PHOTOS:
            yield tuple(photos)
            photos = []
    if photos:
        yield tuple(photos)


def _stretches(item: Item) -> list[tuple[int, Stretch]]:
    """A video, cut up, with the number of looks at each; nothing for a photo.

    One that cannot be read is not cut: its only part will say why. Nor is one in an archive or on the Hub, which each
    part would fetch again.
    """
    if not item.is_video:
        return []
    if not isinstance(item.place, Path):
        return [(1, Stretch(0.0, math.inf))]
    try:
        seconds = VideoFile(item.place, MAX_VIDEO_SECONDS).duration
    except (FerHubError, OSError, ValueError):
        seconds = 0.0
    starts = [PART_SECONDS * number for number in range(max(1, math.ceil(seconds / PART_SECONDS)))]
    ends = [*starts[1:], math.inf]  # the last may show more than is said
    return [
        (max(1, round((min(end, seconds) - start) * LOOKS_PER_SECOND)), Stretch(start, end))
        for start, end in zip(starts, ends, strict=True)
    ]
