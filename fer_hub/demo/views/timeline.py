"""Probabilities over time as HTML: a lane per expression, so that no colour has to be told from another."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fer_hub.demo.state.watched_video import WatchedVideo
from fer_hub.demo.views.templating import render
from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.tables import write_table
from fer_hub.video.timeline import LOOKS_PER_SECOND, Timeline, table_header, table_rows
from fer_hub.video.tracking import TrackedFace
from fer_hub.video.watching import MAX_LOOKS

Points = Sequence[tuple[float, TrackedFace]]
"""Times in seconds, and what one person's face showed."""

MOST_PEOPLE = 8

THRESHOLD = 0.5
"""Probability from which a stretch of time has an expression's colour."""


@dataclass(frozen=True)
class Lane:
    """One expression of a person over time."""

    label: str
    number: float
    """The probability that stands beside it, 0-1."""
    area: str
    """Path of the area under the probability, in a box of 1000 by 100; interrupted where nobody was seen."""
    peak: float


def lanes(points: Points, numbers: dict[str, float], start: float, end: float, step: float) -> list[Lane]:
    """A lane per expression from `start` to `end` seconds, looked at every `step`, with a number each."""
    return [
        Lane(
            label,
            number,
            _area(points, label, start, end, step),
            max((face.probabilities[label] for _, face in points), default=0.0),
        )
        for label, number in numbers.items()
    ]


@dataclass(frozen=True)
class Span:
    """A stretch of time in which a person shows one expression."""

    start: float
    width: float
    """Both as shares of the whole time."""
    expression: str
    unsure: bool
    words: str
    """What it says when pointed at."""

    @property
    def label(self) -> str:
        """What is written in it."""
        return "" if self.unsure else self.expression


def timeline_html(kept: WatchedVideo) -> Markup:
    """The player, and a row a person, whoever is seen longest first."""
    timeline, shown = kept.timeline, kept.timeline.people[:MOST_PEOPLE]
    thumbnails, people = kept.thumbnails(shown), []
    for number in shown:
        points = timeline.of(number)
        mean = {label: sum(face.probabilities[label] for _, face in points) / len(points) for label in timeline.labels}
        people.append(
            {
                "number": number,
                "thumbnail": thumbnails[number],
                "seen": len(points) * timeline.interval,
                "most": max(mean, key=mean.__getitem__),
                "mean": {label: round(share, 4) for label, share in mean.items()},
                "spans": spans(points, timeline.duration, timeline.interval),
                "lanes": lanes(points, mean, 0.0, timeline.duration, timeline.interval),
            }
        )
    return render(
        "video/timeline",
        timeline=timeline,
        people=people,
        others=len(timeline.people[MOST_PEOPLE:]),
        path=kept.path,
        name=kept.name,
        ratio=kept.size[0] / kept.size[1],
        moments=_moments(timeline, kept.size),
        shares=_shares(timeline),
        threshold=THRESHOLD,
        csv=csv_of(timeline),
    )


def spans(points: Points, duration: float, step: float) -> list[Span]:
    """The stretches of one person, each while the same expression is given `THRESHOLD` or more, or none is."""
    runs: list[tuple[float, float, str, bool]] = []
    for (time, face), (after, _) in zip(points, [*points[1:], (float("inf"), None)], strict=True):
        end = min(after, time + 2.5 * step) if after - time <= 2.5 * step else time + step
        unsure = _is_unsure(face)
        said_now = "not sure" if unsure else face.expression
        if runs and runs[-1][2] == said_now and time - runs[-1][1] < 1e-6:
            runs[-1] = (runs[-1][0], end, said_now, unsure)
        else:
            runs.append((time, end, said_now, unsure))
    whole = max(duration, 1e-9)
    return [
        Span(start / whole, (min(end, whole) - start) / whole, label, unsure, f"{label}, {start:.1f} to {end:.1f} s")
        for start, end, label, unsure in runs
    ]


def _is_unsure(face: TrackedFace) -> bool:
    return face.is_close or face.probabilities[face.expression] < THRESHOLD


def _shares(timeline: Timeline) -> list[tuple[str, float]]:
    """How much of what was seen is which expression, most first."""
    seen = ["not sure" if _is_unsure(face) else face.expression for moment in timeline.moments for face in moment.faces]
    return [(label, count / len(seen)) for label, count in Counter(seen).most_common()]


def _moments(timeline: Timeline, size: tuple[int, int]) -> list[dict[str, Any]]:
    """For the player: time, and each face's box as shares of the picture with what stands at it."""
    width, height = size
    return [
        {
            "at": round(moment.time, 3),
            "faces": [
                {
                    "person": face.person,
                    "box": [
                        round(share, 4)
                        for share in (
                            face.box[0] / width,
                            face.box[1] / height,
                            (face.box[2] - face.box[0]) / width,
                            (face.box[3] - face.box[1]) / height,
                        )
                    ],
                    "words": "not sure" if _is_unsure(face) else face.expression,
                    "unsure": _is_unsure(face),
                    "colour": COLOURS.get(face.expression, OTHER_COLOUR),
                }
                for face in moment.faces
            ],
        }
        for moment in timeline.moments
    ]


def csv_of(timeline: Timeline) -> str:
    """The table of a timeline, in base64."""
    table = io.StringIO()
    write_table(table, [table_header(timeline.labels)])
    write_table(table, (row for moment in timeline.moments for row in table_rows(moment, timeline.labels)))
    return base64.b64encode(table.getvalue().encode(errors="replace")).decode()


def video_blank() -> Markup:
    """What to do, before there is a video."""
    return render("video/blank", looks_per_second=f"{LOOKS_PER_SECOND:.0f}", most_looks=MAX_LOOKS)


def video_summary(timeline: Timeline, spent: float) -> Markup:
    """What was done in `spent` seconds, in a sentence or two."""
    return render("video/summary", timeline=timeline, spent=spent)


def drawn_link(path: str) -> Markup:
    """The link to the video with boxes."""
    return render("video/drawn", path=path, kind=Path(path).suffix)


def _area(points: Points, label: str, start: float, end: float, step: float) -> str:
    """The area under a probability, interrupted where the person was not seen."""
    width = 1000 / max(end - start, 1e-9)
    runs: list[list[tuple[float, float]]] = []
    last = float("-inf")
    for time, face in points:
        if time - last > 2.5 * step:
            runs.append([])
        runs[-1].append(((time - start) * width, 100 * (1 - face.probabilities[label])))
        last = time
    return "".join(
        f"M{run[0][0]:.1f} 100"
        + "".join(f"L{x:.1f} {y:.0f}" for x, y in run)
        # The last look stands until the next would have come.
        + f"L{min(run[-1][0] + step * width, 1000):.1f} {run[-1][1]:.0f}V100Z"
        for run in runs
    )
