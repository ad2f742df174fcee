"""A video, watched from its first frame to its last: what its faces show, moment by moment."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from fer_hub.files import new_file, refuse_itself
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.tables import write_table
from fer_hub.video.following import FaceFollower
from fer_hub.video.glimpses import without_glimpses
from fer_hub.video.prefetch import prefetched
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import LOOKS_PER_SECOND, Moment, Timeline, scaled, table_header, table_rows
from fer_hub.video.tracking import Tracker

MAX_LOOKS = 600
"""A longer video is looked at less often by `watch_video`: as many times, evenly spread."""

SEARCHED_SIDE = 640
"""Longest side, in pixels, at which frames are searched for faces, and faces cut out."""

_BATCH = 8


@dataclass(frozen=True)
class TableSummary:
    """What `write_timeline_csv` wrote."""

    seconds: float
    """The time of the last look."""
    looks: int
    people: int


def watch_video(
    path: str | Path, recognizer: ExpressionRecognizer, max_seconds: float | None = None
) -> Generator[Timeline]:
    """Yield the timeline so far, every few moments; the last one is whole. Stop asking, and it stops working.

    Raises:
        InputError: see `VideoFile`.
    """
    video = VideoFile(path, max_seconds)
    step = max(1 / LOOKS_PER_SECOND, video.duration / MAX_LOOKS)
    timeline = Timeline(video.duration, step, tuple(recognizer.labels), ())
    with closing(watch_moments(video, recognizer, step)) as moments:
        while some := tuple(islice(moments, _BATCH)):
            timeline = replace(timeline, moments=timeline.moments + some)
            yield timeline


def timeline_of(path: str | Path, recognizer: ExpressionRecognizer) -> Timeline:
    """The whole timeline of a video; see `watch_video`."""
    *_, timeline = watch_video(path, recognizer)
    return timeline


def write_timeline_csv(
    path: str | Path,
    recognizer: ExpressionRecognizer,
    output: str | Path,
    looks_per_second: float = LOOKS_PER_SECOND,
    progress: Callable[[float], object] | None = None,
) -> TableSummary:
    """Write the timeline of a video of any length as CSV, as `Timeline.write_csv` does, while it is watched.

    The file appears when it is whole.

    Args:
        path: the video.
        recognizer: names the expressions.
        output: the CSV file.
        looks_per_second: how often faces are looked at, or as often as the video has frames.
        progress: is told the seconds of the video that were watched, at every look.

    Raises:
        InputError: see `VideoFile`; or the output is the video itself, a folder or a device.
    """
    video = VideoFile(path)
    summary = TableSummary(0.0, 0, 0)
    refuse_itself(path, Path(output))
    with (
        new_file(Path(output)) as unfinished,
        unfinished.open("w", newline="", encoding="utf-8") as file,
        closing(watch_moments(video, recognizer, 1 / looks_per_second)) as moments,
    ):
        write_table(file, [table_header(recognizer.labels)])
        for moment in moments:
            write_table(file, table_rows(moment, recognizer.labels))
            people = max([summary.people, *(face.person for face in moment.faces)])
            summary = TableSummary(moment.time, summary.looks + 1, people)
            if progress is not None:
                progress(moment.time)
    return summary


def watch_moments(video: VideoFile, recognizer: ExpressionRecognizer, step: float = 0.0) -> Generator[Moment]:
    """Yield what the faces of a video show, at moments at least `step` seconds apart; see `without_glimpses`.

    Memory does not grow with the length. Frames are decoded in a thread of their own, which ends when this is closed.
    """
    tracker = Tracker()
    with closing(prefetched(video.frames(step, SEARCHED_SIDE), _BATCH)) as frames:
        yield from without_glimpses(_tracked(frames, recognizer, tracker, max(video.size)), tracker.follows)


def _tracked(
    frames: Iterator[tuple[float, np.ndarray]], recognizer: ExpressionRecognizer, tracker: Tracker, longest: int
) -> Generator[Moment]:
    """Moments whose boxes are in pixels of a video of this longest side; some frames' faces are classified together."""
    follower = FaceFollower(recognizer.detector)
    while batch := [(time, picture, follower.find(time, picture)) for time, picture in islice(frames, _BATCH)]:
        recognized = iter(recognizer.classify([(picture, face) for _, picture, faces in batch for face in faces]))
        for time, picture, faces in batch:
            scale = longest / max(picture.shape)
            tracked = tracker.update(time, list(islice(recognized, len(faces))))
            yield Moment(time, tuple(scaled(face, scale) for face in tracked))
