"""One visitor's webcam: pictures that the browser sends, and what is remembered of them, which is no picture."""

import base64
import binascii
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from fer_hub.errors import InputError
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.video.following import FaceFollower
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace, Tracker
from fer_hub.vision.images import open_image

SEARCHED_SIDE = 320
"""Longest side, in pixels, at which the webcam's picture is searched: fast, for faces that are near the camera."""

SHOWN_SECONDS = 30.0
KEPT_EVERY = 0.5
"""Seconds between the moments that are remembered."""

LOGGED_SECONDS = 1800.0
"""For so long what was seen can be saved."""

_LARGEST_FRAME = 4_000_000


@dataclass(frozen=True)
class LivePerson:
    """A person in front of the webcam."""

    number: int
    """Among those present, from 1."""
    face: FaceExpression
    """Its probabilities are steadied over half a second."""
    history: list[tuple[float, TrackedFace]]
    """The last half minute: times in seconds, and what the face showed."""


@dataclass(frozen=True)
class LiveMoment:
    """What is seen in one picture."""

    time: float
    people: list[LivePerson]
    rate: float | None
    """Pictures a second; None for the first."""
    size: tuple[int, int] = (1, 1)
    """Width and height of the picture that the faces' boxes are in."""


class LiveStream:
    """What is remembered of one visitor's stream: probabilities, no picture."""

    def __init__(self) -> None:
        self._begin(())

    def _begin(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._tracker = Tracker(max_gap=1.5, time_constant=0.5)
        self._follower: FaceFollower | None = None
        self._history: deque[Moment] = deque()
        self._log: deque[Moment] = deque(maxlen=round(LOGGED_SECONDS / KEPT_EVERY))
        self._arrivals: deque[float] = deque(maxlen=20)

    def look(self, picture: np.ndarray, recognizer: ExpressionRecognizer, now: float) -> LiveMoment:
        """Read one picture that came at `now` seconds. A model with other labels begins a new history."""
        if self._labels != tuple(recognizer.labels):
            self._begin(tuple(recognizer.labels))
        if self._follower is None or self._follower.detector is not recognizer.detector:
            self._follower = FaceFollower(recognizer.detector)
        small = shrink(picture, SEARCHED_SIDE)
        faces = recognizer.classify([(small, face) for face in self._follower.find(now, small)])
        tracked = self._tracker.update(now, faces)
        self._arrivals.append(now)
        self._remember(Moment(now, tuple(tracked)))
        seen = sorted(zip(tracked, faces, strict=True), key=lambda pair: pair[0].person)
        people = [self._person(number, person, face, now) for number, (person, face) in enumerate(seen, 1)]
        return LiveMoment(now, people, self._rate(), (small.shape[1], small.shape[0]))

    def log(self) -> Timeline:
        """What was seen, two moments a second, in the last `LOGGED_SECONDS`; times count from the first."""
        moments = list(self._log)
        start = moments[0].time if moments else 0.0
        kept = tuple(replace(moment, time=moment.time - start) for moment in moments)
        return Timeline(kept[-1].time if kept else 0.0, KEPT_EVERY, self._labels, kept)

    def _remember(self, moment: Moment) -> None:
        if not self._history or moment.time - self._history[-1].time >= KEPT_EVERY:
            self._history.append(moment)
            self._log.append(moment)
        while moment.time - self._history[0].time > SHOWN_SECONDS:
            self._history.popleft()

    def _rate(self) -> float | None:
        span = self._arrivals[-1] - self._arrivals[0]
        return (len(self._arrivals) - 1) / span if span else None

    def _person(self, number: int, person: TrackedFace, face: FaceExpression, now: float) -> LivePerson:
        past = [(m.time, p) for m in self._history for p in m.faces if p.person == person.person]
        return LivePerson(number, replace(face, probabilities=person.probabilities), [*past, (now, person)])


def shrink(picture: np.ndarray, max_side: int) -> np.ndarray:
    """Scale an HWC uint8 RGB picture down to at most `max_side` pixels on its longest side."""
    image = Image.fromarray(picture)
    image.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=None)
    return np.asarray(image)


def decode(data_url: str) -> np.ndarray:
    """The picture that the browser sent inside its message, HWC uint8 RGB."""
    head, _, body = data_url[:_LARGEST_FRAME].partition(",")
    try:
        if not head.startswith("data:image/") or len(data_url) > _LARGEST_FRAME:
            raise ValueError
        return open_image(base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error):
        raise InputError("that is no picture of a webcam; start the webcam on this page.") from None
