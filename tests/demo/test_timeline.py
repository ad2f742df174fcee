import re

import pytest

from fer_hub import EXPRESSIONS
from fer_hub.demo.state.watched_video import Readings, WatchedVideo
from fer_hub.demo.views.templating import seconds
from fer_hub.demo.views.timeline import MOST_PEOPLE, lanes, spans, timeline_html
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace
from tests.videos import walking, write_video


def sighting(person: int, happy: float) -> TrackedFace:
    rest = (1 - happy) / (len(EXPRESSIONS) - 1)
    return TrackedFace(person, (0, 0, 9, 9), {label: happy if label == "happy" else rest for label in EXPRESSIONS})


def corners(area: str) -> list[tuple[float, float]]:
    """Of the area drawn in a lane, without its feet."""
    return [(float(x), float(y)) for x, y in re.findall(r"L([\d.]+) ([\d.]+)", area)]


def test_a_lane_rises_with_the_probability_and_breaks_where_nobody_was_seen():
    points = [(0.0, sighting(1, 0.1)), (1.0, sighting(1, 0.9)), (6.0, sighting(1, 0.5))]
    drawn = {lane.label: lane for lane in lanes(points, points[0][1].probabilities, 0.0, 10.0, 1.0)}
    assert list(drawn) == list(EXPRESSIONS)
    assert corners(drawn["happy"].area) == [(0, 90), (100, 10), (200, 10), (600, 50), (700, 50)]
    assert drawn["happy"].peak == 0.9


def test_everybody_gets_a_row_until_there_are_too_many(photo, tmp_path):
    clip = write_video(tmp_path / "walk.mp4", walking(photo, 4))
    crowd = tuple(sighting(person, 0.7) for person in range(1, MOST_PEOPLE + 3))
    timeline = Timeline(2.0, 0.2, EXPRESSIONS, tuple(Moment(time, crowd) for time in (0.0, 0.2)))
    html = timeline_html(WatchedVideo(str(clip), "walk.mp4", timeline))
    assert html.count("<section") == MOST_PEOPLE
    assert "2 more" in html
    assert "mostly happy" in html
    assert "happy 100%" in html


def test_stretches_have_a_colour_above_the_threshold_and_end_where_nobody_was_seen():
    shown = [0.9, 0.8, 0.3, 0.9]
    points = [(time, sighting(1, happy)) for time, happy in zip((0.0, 1.0, 2.0, 8.0), shown, strict=True)]
    found = spans(points, 10.0, 1.0)
    assert [(span.label, round(span.start, 2), round(span.width, 2)) for span in found] == [
        ("happy", 0.0, 0.2), ("", 0.2, 0.1), ("happy", 0.8, 0.1),
    ]  # fmt: skip
    assert [span.unsure for span in found] == [False, True, False]


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.2 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (119.9, "2 min 0 s")]
)
def test_durations_are_in_words(value, text):
    assert seconds(value) == text


def test_a_video_is_not_stopped_by_the_word_of_its_own_coming():
    """The page says first that one is being uploaded, then which; a busy server may hear it the other way round."""
    readings = Readings()
    with readings.reading("visitor", given_at=1000) as stop:
        assert not readings.stop("visitor", given_before=1000)
        assert not readings.stop("another")
        assert not stop.is_set()
        assert readings.stop("visitor", given_before=1001)
        assert stop.is_set()
    with readings.reading("visitor", given_at=1000) as stop:
        assert readings.stop("visitor")
        assert stop.is_set()
    assert not readings.busy
    assert not readings.stop("visitor")
