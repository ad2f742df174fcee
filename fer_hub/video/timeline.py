"""Video -> timeline of the expressions of each person."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.tables import write_table
from fer_hub.video.reader import VideoFile
from fer_hub.video.tracking import TrackedFace, Tracker

LOOKS_PER_SECOND = 5.0
"""Expressions last half a second and longer (Ekman, 2003), so that none falls between two looks."""

MAX_LOOKS = 600
"""A longer video is looked at less often: as many times, evenly spread."""

SEARCHED_SIDE = 640
"""Longest side, in pixels, at which frames are searched for faces, and faces cut out."""

_BATCH = 8


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

    def rows(self) -> Iterator[list[str]]:
        """The timeline as a table: a header, then a row a face and moment."""
        yield ["time_s", "person", "x1", "y1", "x2", "y2", "expression", *self.labels]
        for moment in self.moments:
            for face in moment.faces:
                box = [f"{value:.1f}" for value in face.box]
                values = [f"{face.probabilities[label]:.4f}" for label in self.labels]
                yield [f"{moment.time:.3f}", str(face.person), *box, face.expression, *values]

    def write_csv(self, path: str | Path) -> None:
        """Write `rows` as a CSV file."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            write_table(file, self.rows())

    def without_glimpses(self) -> "Timeline":
        """Without whoever was seen once only, which is most often no face; people numbered in order again."""
        seen = self._seen()
        kept = [person for person in sorted(seen) if seen[person] > 1 or len(self.moments) < 3]
        number = {person: index for index, person in enumerate(kept, 1)}
        moments = (
            Moment(m.time, tuple(replace(f, person=number[f.person]) for f in m.faces if f.person in number))
            for m in self.moments
        )
        return replace(self, moments=tuple(moments))

    def _seen(self) -> Counter[int]:
        return Counter(face.person for moment in self.moments for face in moment.faces)


def watch_video(
    path: str | Path, recognizer: ExpressionRecognizer, max_seconds: float | None = None
) -> Generator[Timeline]:
    """Yield the timeline so far, every few moments; the last one is whole. Stop asking, and it stops working.

    Raises:
        InputError: see `VideoFile`.
    """
    video = VideoFile(path, max_seconds)
    step = max(1 / LOOKS_PER_SECOND, video.duration / MAX_LOOKS)
    tracker = Tracker()
    timeline = Timeline(video.duration, step, tuple(recognizer.labels), ())
    frames = video.frames(step, SEARCHED_SIDE)
    while batch := list(islice(frames, _BATCH)):
        pictures = [picture for _, picture in batch]
        scale = max(video.size) / max(pictures[0].shape)
        moments = [
            Moment(time, tuple(scaled(face, scale) for face in tracker.update(time, faces)))
            for (time, _), faces in zip(batch, recognizer.predict_batch(pictures), strict=True)
        ]
        timeline = replace(timeline, moments=timeline.moments + tuple(moments))
        yield timeline
    yield timeline.without_glimpses()


def timeline_of(path: str | Path, recognizer: ExpressionRecognizer) -> Timeline:
    """The whole timeline of a video; see `watch_video`."""
    *_, timeline = watch_video(path, recognizer)
    return timeline


def scaled(face: TrackedFace, scale: float) -> TrackedFace:
    left, top, right, bottom = face.box
    return replace(face, box=(left * scale, top * scale, right * scale, bottom * scale))


Box = tuple[float, float, float, float]


def _between(box: Box, later: Box, share: float) -> Box:
    left, top, right, bottom = ((1 - share) * a + share * b for a, b in zip(box, later, strict=True))
    return left, top, right, bottom
