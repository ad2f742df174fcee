"""Items -> parts: the work in pieces that one process does at a time, each named by what goes into it.

A part's file holds all its rows or does not exist. So a run that was killed goes on with the parts that are missing,
and which process, or which machine, does a part changes nothing in it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from fer_hub.annotate.items import Item
from fer_hub.annotate.settings import Settings

PART_PHOTOS = 128
"""Photos in a part: what a killed run may lose of its work, once for each process."""


@dataclass(frozen=True)
class Part:
    """Some photos of a collection."""

    name: str
    """Number and digest; in order of their names, parts hold the items in order."""
    items: tuple[Item, ...]

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


@dataclass(frozen=True)
class Share:
    """Which of `count` equal shares of the work is done here, from 1."""

    number: int = 1
    count: int = 1


WHOLE = Share()


class Plan:
    """The parts of one share of the work, listed once."""

    def __init__(self, items: Iterable[Item], settings: Settings, share: Share = WHOLE) -> None:
        self.files: list[str] = []
        """The names of the parts that are listed so far, in order."""
        self._items, self._settings, self._share = items, settings, share
        self._sources = hashlib.blake2b(digest_size=8)

    @property
    def collection(self) -> str:
        """Digest of the names of all items of all shares, once they are listed."""
        return self._sources.hexdigest()

    def __iter__(self) -> Iterator[Part]:
        items = iter(self._items)
        number = 0
        while group := tuple(islice(items, PART_PHOTOS)):
            self._sources.update(repr([item.source for item in group]).encode())
            if number % self._share.count == self._share.number - 1:
                part = Part(f"{number:08d}-{self._digest(group)}", group)
                self.files.append(part.file)
                yield part
            number += 1

    def _digest(self, items: tuple[Item, ...]) -> str:
        content = [self._settings.digest, *((item.source, item.stamp) for item in items)]
        return hashlib.blake2b(repr(content).encode(), digest_size=8).hexdigest()
