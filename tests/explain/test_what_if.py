import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import ExpressionRecognizer, Face, InputError
from fer_hub.explain.what_if import PARTS, Change
from fer_hub.vision.alignment import align_face
from fer_hub.vision.geometry import FER2013_GEOMETRY

LANDMARKS = np.array([(80.0, 90.0), (120.0, 90.0), (100.0, 112.0), (85.0, 132.0), (115.0, 132.0)])
FACE = Face((60.0, 50.0, 140.0, 160.0), 0.99, LANDMARKS)


@pytest.fixture(scope="module")
def recognizer() -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained()


def noise(height: int = 220, width: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def crop_after(change: Change, picture: np.ndarray, face: Face = FACE) -> np.ndarray:
    changed, moved = change.apply(picture, face)
    return align_face(changed, moved.landmarks, FER2013_GEOMETRY)


def test_no_change_gives_the_same_crop():
    picture = noise()
    assert (crop_after(Change(), picture) == align_face(picture, LANDMARKS, FER2013_GEOMETRY)).all()


def test_the_picture_itself_is_left_alone():
    picture = noise()
    before = picture.copy()
    Change(PARTS, 30, 0.5).apply(picture, FACE)
    assert (picture == before).all()


@pytest.mark.parametrize("part", PARTS)
def test_a_covered_part_is_one_colour_where_it_sits_and_nowhere_else(part):
    picture = noise()
    before, after = crop_after(Change(), picture), crop_after(Change((part,)), picture)
    covered = (before != after).any(axis=2)
    rows, columns = np.nonzero(covered)
    inside = after[rows.min() + 3 : rows.max() - 2, columns.min() + 3 : columns.max() - 2]
    assert inside.size > 0
    assert np.ptp(inside.reshape(-1, 3), axis=0).max() == 0
    middle = {"forehead": 7, "eyes": 18.5, "nose": 27, "mouth": 38}[part]
    assert rows.mean() == pytest.approx(middle, abs=2.5)
    assert 0.05 < covered.mean() < 0.4


def test_light_is_a_factor():
    picture = np.full((220, 200, 3), 100, np.uint8)
    assert (crop_after(Change(light=0.5), picture) == 50).all()
    assert (crop_after(Change(light=5.0), picture) == 255).all()


def test_a_turn_is_clockwise():
    picture = np.zeros((220, 200, 3), np.uint8)
    picture[:100] = 255  # bright above the nose
    crop = crop_after(Change(turn=90), picture)
    assert crop[24, 40].mean() > 200
    assert crop[24, 6].mean() < 50


@given(
    box=st.tuples(*[st.floats(0, 400)] * 4),
    landmarks=st.lists(st.tuples(st.floats(-50, 450), st.floats(-50, 450)), min_size=5, max_size=5),
    cover=st.sets(st.sampled_from(PARTS)),
    turn=st.floats(-180, 180),
    light=st.floats(0, 10),
)
def test_any_face_can_be_changed(box, landmarks, cover, turn, light):
    picture = noise(40, 30)
    crop = crop_after(Change(cover, turn, light), picture, Face(box, 1.0, np.array(landmarks)))
    assert crop.shape == (48, 48, 3)


@pytest.mark.parametrize("change", [{"cover": ("ear",)}, {"turn": 200.0}, {"light": -1.0}, {"light": float("nan")}])
def test_what_cannot_be_done_is_refused(change):
    with pytest.raises(InputError, match=r"no part 'ear'|turn is"):
        Change(**change)


def test_covered_mouth_and_eyes_make_a_smile_less_sure(recognizer, photo):
    (face,) = recognizer(photo)
    (same,) = recognizer.classify([Change().apply(photo, face.face)])
    assert same.probabilities == pytest.approx(face.probabilities, abs=1e-3)
    (covered,) = recognizer.classify([Change(("mouth", "eyes")).apply(photo, face.face)])
    assert covered.probabilities["happy"] < face.probabilities["happy"] - 0.2
