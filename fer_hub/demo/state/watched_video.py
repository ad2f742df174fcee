"""A video that a visitor gave, and what every person's face showed in it; and which videos are being read."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

import numpy as np

from fer_hub.errors import InputError
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import Timeline

_THUMBNAIL_SIDE = 96
_SEARCHED_SIDE = 960


@dataclass(frozen=True)
class WatchedVideo:
    """A video that was read to its end; the file itself is gone after some minutes."""

    path: str
    name: str
    timeline: Timeline
    models: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as shown."""
        return VideoFile(self.path).size

    def thumbnails(self, people: list[int]) -> dict[int, np.ndarray]:
        """A face of each of these people, HWC uint8 RGB: where it is largest."""
        file, found = VideoFile(self.path), {}
        for person in people:
            time, face = max(self.timeline.of(person), key=lambda pair: _area(pair[1].box))
            picture = file.frame_at(time, _SEARCHED_SIDE)
            scale = picture.shape[1] / file.size[0]
            left, top, right, bottom = (round(value * scale) for value in face.box)
            side = max(right - left, bottom - top, 1)
            x, y = max((left + right - side) // 2, 0), max((top + bottom - side) // 2, 0)
            found[person] = picture[y : y + side, x : x + side]
        return found


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


class Stopped(Exception):
    """The visitor does not want the rest."""


class Readings:
    """The videos that are being read, so that a visitor can stop their own at any moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, tuple[Event, float]] = {}

    @contextmanager
    def reading(self, visitor: str, given_at: float = 0) -> Iterator[Event]:
        """While a visitor's video is read; the event is set when they want it to end.

        `given_at` is when they gave it, by their own clock.
        """
        stop = Event()
        with self._lock:
            self._running[visitor] = stop, given_at
        try:
            yield stop
        finally:
            with self._lock:
                if self._running.get(visitor) == (stop, given_at):
                    del self._running[visitor]

    def stop(self, visitor: str, given_before: float = math.inf) -> bool:
        """End what a visitor reads, if they gave it before a moment of their clock; whether there was something."""
        with self._lock:
            stop, given_at = self._running.get(visitor, (None, 0))
        if stop is None or given_at >= given_before:
            return False
        stop.set()
        return True

    @property
    def busy(self) -> bool:
        """Whether any video is read."""
        return bool(self._running)


def in_words(error: InputError, path: str, name: str) -> str:
    """What is wrong with a video, without the place where it lies on this machine."""
    if not Path(path).is_file():
        return f"{name} has been deleted meanwhile, as all uploads are; give it again."
    return str(error).replace(repr(path), name).replace(path, name).replace(Path(path).name, name)
