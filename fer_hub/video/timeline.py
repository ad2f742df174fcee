"""What the faces of a video show over time: the moments at which it was looked at, and questions about them."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fer_hub.tables import write_table
from fer_hub.video.tracking import TrackedFace

LOOKS_PER_SECOND = 5.0
"""Expressions last half a second and longer (Ekman, 2003), so that none falls between two looks."""


@dataclass(frozen=True)
class Moment:
    """A frame that was looked at."""

    time: float
    """Seconds from the first frame."""
    faces: tuple[TrackedFace, ...]
    """Boxes in pixels of the upright video."""


@dataclass(frozen=True)
class Timeline:
    """What the faces of a video show, moment by moment."""

    duration: float
    """Seconds."""
    step: float
    """Seconds between two looks, as planned: more where frames are rarer."""
    labels: tuple[str, ...]
    moments: tuple[Moment, ...]

    @property
    def people(self) -> list[int]:
        """Their numbers, whoever is seen most often first."""
        return [person for person, _ in self._seen().most_common()]

    @property
    def interval(self) -> float:
        """Seconds between two moments, in the mean."""
        times = [moment.time for moment in self.moments]
        return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else self.step

    @property
    def is_sampled(self) -> bool:
        """Whether the video is so long that it was looked at less than `LOOKS_PER_SECOND` times a second."""
        return self.step > 1.01 / LOOKS_PER_SECOND

    def of(self, person: int) -> list[tuple[float, TrackedFace]]:
        """The times in seconds at which a person was seen, and what their face showed."""
        return [(moment.time, face) for moment in self.moments for face in moment.faces if face.person == person]

    def at(self, time: float) -> list[TrackedFace]:
        """The faces at a time in seconds; between two looks the boxes move straight from one to the next."""
        index = bisect_right(self.moments, time, key=lambda moment: moment.time) - 1
        if index < 0:
            return []
        now = self.moments[index]
        if index + 1 == len(self.moments):
            return list(now.faces)
        after = self.moments[index + 1]
        share = (time - now.time) / (after.time - now.time)
        boxes = {face.person: face.box for face in after.faces}
        return [replace(face, box=_between(face.box, boxes.get(face.person, face.box), share)) for face in now.faces]

    def write_csv(self, path: str | Path) -> None:
        """Write a table: a header, then a row a face and moment."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            write_table(file, [table_header(self.labels)])
            write_table(file, (row for moment in self.moments for row in table_rows(moment, self.labels)))

    def _seen(self) -> Counter[int]:
        return Counter(face.person for moment in self.moments for face in moment.faces)


def table_header(labels: Sequence[str]) -> list[str]:
    """Names of the columns of `table_rows`."""
    return ["time_s", "person", "x1", "y1", "x2", "y2", "expression", *labels]


def table_rows(moment: Moment, labels: Sequence[str]) -> Iterator[list[str]]:
    """A row for each face: seconds, number of the person, box in pixels, expression, probability of each label."""
    for face in moment.faces:
        box = [f"{value:.1f}" for value in face.box]
        values = [f"{face.probabilities[label]:.4f}" for label in labels]
        yield [f"{moment.time:.3f}", str(face.person), *box, face.expression, *values]


def scaled(face: TrackedFace, scale: float) -> TrackedFace:
    left, top, right, bottom = face.box
    return replace(face, box=(left * scale, top * scale, right * scale, bottom * scale))


Box = tuple[float, float, float, float]


def _between(box: Box, later: Box, share: float) -> Box:
    left, top, right, bottom = ((1 - share) * a + share * b for a, b in zip(box, later, strict=True))
    return left, top, right, bottom
