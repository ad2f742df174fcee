"""Probabilities over time as HTML: a lane per expression, so that no colour has to be told from another."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from markupsafe import Markup

from fer_hub.demo.state.live_stream import KEPT_EVERY, SHOWN_SECONDS, LiveMoment
from fer_hub.demo.views.templating import render
from fer_hub.video.timeline import LOOKS_PER_SECOND, Timeline
from fer_hub.video.tracking import TrackedFace
from fer_hub.video.watching import MAX_LOOKS

Points = Sequence[tuple[float, TrackedFace]]
"""Times in seconds, and what one person's face showed."""

MOST_PEOPLE = 8


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


def live_blank() -> Markup:
    """What stands in place of the people before the webcam is started."""
    return render("video/live_blank")


def live_people(moment: LiveMoment) -> Markup:
    """Everybody in front of the webcam, with the last half minute."""
    people = [
        (
            person,
            lanes(person.history, person.face.probabilities, moment.time - SHOWN_SECONDS, moment.time, KEPT_EVERY),
        )
        for person in moment.people
    ]
    return render("video/live", people=people, rate=moment.rate)


def timeline_html(timeline: Timeline) -> Markup:
    """Every person's lanes over the whole video, whoever is seen longest first."""
    people = []
    for number in timeline.people[:MOST_PEOPLE]:
        points = timeline.of(number)
        mean = {label: sum(face.probabilities[label] for _, face in points) / len(points) for label in timeline.labels}
        people.append(
            {
                "number": number,
                "seen": len(points) * timeline.interval,
                "most": max(mean, key=mean.__getitem__),
                "lanes": lanes(points, mean, 0.0, timeline.duration, timeline.interval),
            }
        )
    return render("video/timeline", timeline=timeline, people=people, others=len(timeline.people[MOST_PEOPLE:]))


def video_blank() -> Markup:
    """What to do, before there is a video."""
    return render("video/blank", looks_per_second=f"{LOOKS_PER_SECOND:.0f}", most_looks=MAX_LOOKS)


def video_progress(doing: str, share: float, began: float) -> Markup:
    """A bar, with the time left once there is something to judge it by; `began` as by `time.monotonic`."""
    spent = monotonic() - began
    left = max(round(spent / share - spent), 1) if share > 0.02 else None
    return render("video/progress", doing=doing, share=share, left=left)


def video_summary(timeline: Timeline, spent: float) -> Markup:
    """What was done in `spent` seconds, in a sentence or two."""
    return render("video/summary", timeline=timeline, spent=spent)


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
