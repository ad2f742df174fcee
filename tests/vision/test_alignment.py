import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fer_hub import CropGeometry
from fer_hub.vision.alignment import align_face, similarity_transform
from fer_hub.vision.geometry import FER2013_GEOMETRY

TARGET = np.array(FER2013_GEOMETRY.landmarks)


def moved(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


@given(
    st.floats(-3.1, 3.1),
    st.floats(0.05, 50),
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
)
def test_similarity_transform_undoes_turn_scale_and_shift(angle, scale, shift):
    source = moved(TARGET, angle, scale, shift)
    matrix = similarity_transform(source, TARGET)
    assert np.allclose(source @ matrix[:, :2].T + matrix[:, 2], TARGET, atol=1e-6)


def test_landmarks_in_one_point_do_not_fail():
    crop = align_face(np.zeros((20, 20, 3), np.uint8), np.full((5, 2), 10.0), FER2013_GEOMETRY)
    assert crop.shape == (48, 48, 3)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.0])
@pytest.mark.parametrize("scale", [2.0, 3.7, 8.0])
def test_landmarks_land_where_the_geometry_says(angle, scale):
    landmarks = moved(TARGET - 24, angle, scale, (300, 300))
    yy, xx = np.mgrid[0:600, 0:600]
    light = sum(np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * (1.2 * scale) ** 2)) for x, y in landmarks)
    picture = np.repeat((255 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
    crop = align_face(picture, landmarks, FER2013_GEOMETRY)[..., 0].astype(float)
    for x, y in TARGET:
        left, top = round(x) - 4, round(y) - 4
        patch = crop[top : top + 9, left : left + 9]
        rows, columns = np.mgrid[top : top + 9, left : left + 9]
        centre = (columns * patch).sum() / patch.sum(), (rows * patch).sum() / patch.sum()
        assert centre == pytest.approx((x, y), abs=0.15)


def test_same_size_and_place_copies_the_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    assert (align_face(picture, TARGET, FER2013_GEOMETRY) == picture).all()


def test_fine_detail_is_averaged_not_aliased():
    checkerboard = np.repeat(((np.indices((480, 480)).sum(axis=0) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)
    crop = align_face(checkerboard, TARGET * 10, FER2013_GEOMETRY)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 127).max() <= 2


@given(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), st.floats(0.01, 1000), st.floats(-3, 3))
def test_any_place_gives_a_crop_with_the_pictures_own_colour(shift, scale, angle):
    picture = np.full((33, 47, 3), (10, 20, 30), np.uint8)
    crop = align_face(picture, moved(TARGET, angle, scale, shift), FER2013_GEOMETRY)
    assert (crop == (10, 20, 30)).all()


@pytest.mark.parametrize(
    "change", [{"size": 8}, {"size": 48.5}, {"landmarks": ((0, 0),) * 5}, {"landmarks": ((float("nan"), 0),) * 5}]
)
def test_impossible_geometry_is_refused(change):
    with pytest.raises(ValidationError):
        CropGeometry(**{"size": 48, "landmarks": FER2013_GEOMETRY.landmarks, **change})
