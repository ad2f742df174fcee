"""Probabilities over time as HTML: a lane per expression, so that no colour has to be told from another."""

from collections.abc import Sequence
from html import escape

from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.video.timeline import Timeline
from fer_hub.video.tracking import TrackedFace

Points = Sequence[tuple[float, TrackedFace]]
"""Times in seconds, and what one person's face showed."""

MOST_PEOPLE = 8

ON_CLICK = """
element.addEventListener('click', event => {
  const lane = event.target.closest('.fer-lane svg');
  if (!lane) return;
  const box = lane.getBoundingClientRect();
  trigger('click', {share: (event.clientX - box.left) / box.width});
});
"""
"""JavaScript of an HTML component: a click on a lane tells which share of the time it is at."""


def timeline_html(timeline: Timeline) -> str:
    """Every person's lanes over the whole video, whoever is seen longest first."""
    people = timeline.people
    sections = "".join(_person(timeline, person) for person in people[:MOST_PEOPLE])
    more = f"<p>{len(people) - MOST_PEOPLE} more, seen more briefly, are in the table.</p>"
    return (
        f'<div class="fer-timeline" data-seconds="{timeline.duration:.3f}">{sections}</div>'
        f"{more if len(people) > MOST_PEOPLE else ''}"
    )


def _person(timeline: Timeline, person: int) -> str:
    points = timeline.of(person)
    mean = {label: sum(face.probabilities[label] for _, face in points) / len(points) for label in timeline.labels}
    most = max(mean, key=mean.__getitem__)
    seen = seconds(len(points) * timeline.interval)
    return (
        f'<section class="fer-person" aria-label="Person {person}"><h3>Person {person} <small>seen for {seen}, '
        f"mostly {escape(most)}; on the right, the mean</small></h3>"
        f"{lanes(points, mean, 0.0, timeline.duration, timeline.interval)}{_axis(timeline.duration)}</section>"
    )


def lanes(points: Points, numbers: dict[str, float], start: float, end: float, step: float, bars: bool = False) -> str:
    """A row per expression: its name, its probability from `start` to `end` seconds, and a number, as a bar too."""
    return "".join(
        f'<div class="fer-lane"><span>{escape(label)}</span>{_lane(points, label, start, end, step)}'
        f"{_bar(label, number) if bars else ''}<em>{number:.0%}</em></div>"
        for label, number in numbers.items()
    )


def _bar(label: str, probability: float) -> str:
    return (
        f'<i role="meter" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * probability:.1f}">'
        f'<b style="width:{100 * probability:.1f}%;background:{COLOURS.get(label, OTHER_COLOUR)}"></b></i>'
    )


def seconds(value: float) -> str:
    """A duration in words."""
    if value < 60:
        return f"{value:.1f} s"
    return f"{round(value) // 60} min {round(value) % 60} s"


def _lane(points: Points, label: str, start: float, end: float, step: float) -> str:
    """The area under a probability, interrupted where the person was not seen."""
    width = 1000 / max(end - start, 1e-9)
    runs: list[list[tuple[float, float]]] = []
    last = float("-inf")
    for time, face in points:
        if time - last > 2.5 * step:
            runs.append([])
        runs[-1].append(((time - start) * width, 100 * (1 - face.probabilities[label])))
        last = time
    areas = "".join(
        f"M{run[0][0]:.1f} 100"
        + "".join(f"L{x:.1f} {y:.0f}" for x, y in run)
        # The last look stands until the next would have come.
        + f"L{min(run[-1][0] + step * width, 1000):.1f} {run[-1][1]:.0f}V100Z"
        for run in runs
    )
    peak = max((face.probabilities[label] for _, face in points), default=0.0)
    return (
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}: at most {peak:.0%}">'
        f'<path d="{areas}" fill="{COLOURS.get(label, OTHER_COLOUR)}"/></svg>'
    )


def _axis(end: float) -> str:
    marks = "".join(f"<span>{seconds(value)}</span>" for value in (0, end / 2, end))
    return f'<div class="fer-axis"><p>{marks}</p></div>'
