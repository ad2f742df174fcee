"""Items -> decoded photos, in order: some are opened in advance by threads, and never more than may be held."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path

import numpy as np

from fer_hub.annotate.sources.archives import MAX_PHOTO_BYTES, read_cells, read_member
from fer_hub.annotate.sources.hub_datasets import HubFile
from fer_hub.annotate.sources.items import ArchiveMember, Cell, Item, Unreadable, problem_of
from fer_hub.errors import InputError
from fer_hub.vision.images import open_image

WINDOW_PHOTOS = 64
WINDOW_PIXELS = 32_000_000
"""So many photos, of so many pixels in all, are decoded before they are searched; more is never held."""

Opened = tuple[Item, np.ndarray | str]
"""An item with its picture, HWC uint8 RGB, or the reason why there is none."""


def photo_windows(items: Iterable[Item], threads: int) -> Iterator[list[Opened]]:
    """Photos in order, as many at a time as may be held; which come together follows from the photos alone."""
    window: list[Opened] = []
    pixels = 0
    for item, picture in _opened(items, threads):
        window.append((item, picture))
        pixels += picture.shape[0] * picture.shape[1] if isinstance(picture, np.ndarray) else 0
        if len(window) == WINDOW_PHOTOS or pixels >= WINDOW_PIXELS:
            yield window
            window, pixels = [], 0
    if window:
        yield window


def _opened(items: Iterable[Item], threads: int) -> Iterator[Opened]:
    """Each item with its picture; `threads` of them open the next ones meanwhile."""
    waiting: deque[tuple[Item, Future[np.ndarray | str]]] = deque()
    coming = _stored(items)
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for item, stored in islice(coming, 2 * threads - len(waiting)):
                waiting.append((item, pool.submit(_open, item, stored)))
            if not waiting:
                return
            item, picture = waiting.popleft()
            yield item, picture.result()


def _stored(items: Iterable[Item]) -> Iterator[tuple[Item, Path | HubFile | ArchiveMember | bytes | Unreadable]]:
    """Each item with what its photo is read from; the rows of a table are read together."""

    def table(item: Item) -> tuple[Path | HubFile, str] | None:
        return (item.place.file, item.place.column) if isinstance(item.place, Cell) else None

    for _, group in groupby(items, table):
        some = list(group)
        cells = [item.place for item in some if isinstance(item.place, Cell)]
        if not cells:
            yield from ((item, item.place) for item in some if not isinstance(item.place, Cell))
            continue
        remaining = iter(some)
        try:
            for photo in read_cells(cells):
                yield next(remaining), photo
        except InputError as error:
            yield from ((item, Unreadable(str(error))) for item in remaining)


def _open(item: Item, stored: Path | HubFile | ArchiveMember | bytes | Unreadable) -> np.ndarray | str:
    if isinstance(stored, Unreadable):
        return stored.problem
    try:
        content = read_member(stored) if isinstance(stored, ArchiveMember) else stored
        if isinstance(content, HubFile):
            content = content.read(0, min(content.size, MAX_PHOTO_BYTES + 1))
        if isinstance(content, bytes) and len(content) > MAX_PHOTO_BYTES:
            raise InputError(f"the picture is larger than {MAX_PHOTO_BYTES // 1_000_000} MB.")
        return open_image(content)
    except InputError as error:  # any other is of the Hub or the machine, and ends the run
        return problem_of(error, stored) if isinstance(stored, Path) else str(error)
    except OSError as error:
        return f"the file cannot be read: {error.strerror}."
