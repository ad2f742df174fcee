"""Leaves out of a video whoever was seen for a glimpse only, which is most often no face."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from fer_hub.video.timeline import Moment

GLIMPSE = 0.2
"""Seconds; whoever is never seen again this much later is left out."""

_SLACK = 0.002


def without_glimpses(moments: Iterable[Moment], follows: Callable[[int], bool]) -> Iterator[Moment]:
    """The same moments without those people, and the others numbered from 1, in the order in which they came to stay.

    A moment is held back until everybody in it has stayed or is lost; at the end of a video that is too short to tell,
    everybody counts.

    Args:
        moments: in order.
        follows: whether a person, by the number in `moments`, may still be seen again under it.
    """
    held: deque[Moment] = deque()
    since: dict[int, float] = {}
    numbers: dict[int, int] = {}
    looks, time = 0, 0.0
    for moment in moments:
        looks, time = looks + 1, moment.time
        held.append(moment)
        for face in moment.faces:
            if time - since.setdefault(face.person, time) >= GLIMPSE - _SLACK:
                numbers.setdefault(face.person, len(numbers) + 1)
        while held and all(face.person in numbers or not follows(face.person) for face in held[0].faces):
            yield _renumbered(held.popleft(), numbers)
    if looks < 3 or time < 2 * GLIMPSE - _SLACK:
        for person in since:
            numbers.setdefault(person, len(numbers) + 1)
    for moment in held:
        yield _renumbered(moment, numbers)


def _renumbered(moment: Moment, numbers: dict[int, int]) -> Moment:
    faces = (replace(face, person=numbers[face.person]) for face in moment.faces if face.person in numbers)
    return Moment(moment.time, tuple(faces))
