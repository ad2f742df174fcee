"""How far a run is, how quick, and how long it will take."""

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from fer_hub.annotate.sources.collection import Count
from fer_hub.annotate.work import PART_PHOTOS, Part


class Progress:
    """A line that counts pictures: photos, and looks at videos.

    How many looks a video takes is known when it is planned; of those that are not yet, the mean is assumed.
    """

    def __init__(self, count: Count | None, shares: int) -> None:
        self._photos = None if count is None else math.ceil(count.photos / shares)
        self._videos = 0 if count is None else math.ceil(count.videos / shares)
        self._planned = self._looks = 0
        self._line = tqdm(total=self._total(), desc="annotating", unit="picture", smoothing=0.05, dynamic_ncols=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def processes(self) -> int:
        """So many as this machine has cores, or as there are parts at least."""
        if self._photos is None:
            return os.cpu_count() or 1
        return max(1, min(os.cpu_count() or 1, math.ceil(self._photos / PART_PHOTOS) + 2 * self._videos))

    def missing(self, parts: Iterable[Part], folder: Path) -> Iterator[Part]:
        """Those parts whose file is not there already."""
        for part in parts:
            if part.stretch:
                self._planned += part.stretch.start == 0
                self._looks += part.looks
                self._line.total = self._total()
            if (folder / part.file).exists():
                self.done(part.looks)
            else:
                yield part

    def done(self, looks: int) -> None:
        """So many pictures more are done."""
        self._line.update(looks)

    def _total(self) -> int | None:
        if self._photos is None:
            return None
        ahead = max(self._videos - self._planned, 0) * (self._looks / self._planned if self._planned else 1)
        return self._photos + self._looks + round(ahead)
