import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_hub import Face, FaceExpression
from fer_hub.video.tracking import Tracker


def seen(x: float, y: float = 0.0, side: float = 100.0, happy: float = 1.0) -> FaceExpression:
    face = Face((x, y, x + side, y + side), 0.99, np.zeros((5, 2)))
    return FaceExpression(face, {"happy": happy, "sad": 1 - happy}, np.zeros((48, 48, 3), np.uint8))


def people(tracker: Tracker, time: float, *faces: FaceExpression) -> list[int]:
    return [sighting.person for sighting in tracker.update(time, faces)]


def test_people_keep_their_numbers_while_they_move_and_change_places_in_the_list():
    tracker = Tracker()
    assert people(tracker, 0.0, seen(0), seen(500)) == [1, 2]
    assert people(tracker, 0.2, seen(470), seen(30)) == [2, 1]
    assert people(tracker, 0.4, seen(60), seen(440), seen(900)) == [1, 2, 3]


def test_the_assignment_is_the_best_of_all_not_the_first_come():
    tracker = Tracker()
    people(tracker, 0.0, seen(0), seen(60))
    # The new face at 40 overlaps both old ones; the one at 100 overlaps only the second.
    assert people(tracker, 0.2, seen(40), seen(100)) == [1, 2]


def test_whoever_is_hidden_for_a_moment_keeps_the_number_and_whoever_left_does_not():
    tracker = Tracker(max_gap=1.0)
    assert people(tracker, 0.0, seen(0)) == [1]
    assert people(tracker, 0.5) == []
    assert people(tracker, 1.0, seen(10)) == [1]
    assert people(tracker, 1.5) == people(tracker, 2.0) == []
    assert people(tracker, 2.1, seen(10)) == [2]


@pytest.mark.parametrize("gap", [0.2, 2.0, 30.0])
def test_people_are_followed_however_rare_frames_are(gap):
    tracker = Tracker(max_gap=1.0)
    assert [people(tracker, number * gap, seen(10 * number)) for number in range(4)] == [[1]] * 4
    assert people(tracker, 4 * gap) == []
    assert people(tracker, 5 * gap, seen(50)) == [1]


def test_a_face_elsewhere_is_somebody_else():
    tracker = Tracker()
    assert people(tracker, 0.0, seen(0)) == [1]
    assert people(tracker, 0.2, seen(300)) == [2]


def test_probabilities_follow_with_the_time_constant():
    tracker = Tracker(time_constant=0.5)
    tracker.update(0.0, [seen(0, happy=1.0)])
    (after_one_constant,) = tracker.update(0.5, [seen(0, happy=0.0)])
    assert after_one_constant.probabilities["sad"] == pytest.approx(0.632, abs=0.001)
    assert after_one_constant.expression == "sad"
    (much_later,) = tracker.update(1.4, [seen(0, happy=0.0)])
    assert much_later.probabilities["sad"] == pytest.approx(1 - np.exp(-1.4 / 0.5), abs=1e-9)


@pytest.mark.parametrize("looks", [1, 2, 5, 10])
def test_smoothing_does_not_depend_on_how_often_one_looks(looks):
    tracker = Tracker(time_constant=0.5, max_gap=2)
    tracker.update(0.0, [seen(0, happy=1.0)])
    for look in range(1, looks + 1):
        (last,) = tracker.update(look / looks, [seen(0, happy=0.0)])
    assert last.probabilities["happy"] == pytest.approx(np.exp(-2))


faces = st.builds(
    seen,
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4),
    st.one_of(st.floats(0, 1e4), st.just(0.0)),
    st.floats(0, 1),
)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 3), st.lists(faces, max_size=6)), max_size=8))
def test_whatever_comes_numbers_are_distinct_and_probabilities_are_probabilities(frames):
    tracker, time, known = Tracker(), 0.0, 0
    for gap, found in frames:
        time += gap
        sightings = tracker.update(time, found)
        assert [sighting.box for sighting in sightings] == [face.box for face in found]
        numbers = [sighting.person for sighting in sightings]
        assert len(set(numbers)) == len(numbers)
        new = sorted(number for number in numbers if number > known)
        assert new == list(range(known + 1, known + 1 + len(new)))  # numbers are given in turn, none twice
        known += len(new)
        for sighting in sightings:
            assert sum(sighting.probabilities.values()) == pytest.approx(1)
            assert min(sighting.probabilities.values()) >= 0
