"""A stretch of a video -> what its faces show, look by look. Who is who is told later, over all stretches together."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from fer_hub.annotate.work import Stretch
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.video.following import FaceFollower
from fer_hub.video.prefetch import prefetched
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import LOOKS_PER_SECOND
from fer_hub.video.watching import SEARCHED_SIDE

BATCH = 8
"""Looks whose faces are classified together: always the same ones, because sums come out otherwise in another batch."""


@dataclass(frozen=True)
class Look:
    """One frame of a video that was looked at."""

    seconds: float
    frame: int
    """Its number, from 0, in a video of constant rate."""
    scale: float
    """Pixels of the video for a pixel of the picture that was searched."""
    faces: list[FaceExpression]
    """In pixels of the picture that was searched."""


def looks_at(video: VideoFile, stretch: Stretch, recognizer: ExpressionRecognizer) -> Iterator[Look]:
    """Look at a video `LOOKS_PER_SECOND` times a second, as the demo does."""
    follower = FaceFollower(recognizer.detector)
    frames = video.frames(1 / LOOKS_PER_SECOND, SEARCHED_SIDE, stretch.start, stretch.end)
    with closing(prefetched(frames, BATCH)) as pictures:
        while batch := [(time, picture, follower.find(time, picture)) for time, picture in islice(pictures, BATCH)]:
            named = iter(recognizer.classify([(picture, face) for _, picture, faces in batch for face in faces]))
            for time, picture, faces in batch:
                scale = max(video.size) / max(picture.shape[:2])
                yield Look(time, round(time * video.rate), scale, list(islice(named, len(faces))))
