from dataclasses import replace

import numpy as np
import pytest

from fer_hub import Face, FaceDetector, open_image


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def assert_inside(face, picture):
    height, width = picture.shape[:2]
    left, top, right, bottom = face.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert 0.9 <= face.confidence <= 1


def test_finds_the_face_of_a_photo(detector, photo):
    (face,) = detector.detect(photo)
    assert_inside(face, photo)
    assert 150 < face.box[0] < 200
    assert 60 < face.box[1] < 110
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    assert left_mouth[0] < right_mouth[0]


@pytest.mark.parametrize("scale", [2, 4])
def test_place_does_not_depend_on_the_size_of_the_photo(detector, photo, scale):
    (face,) = detector.detect(photo)
    (larger,) = detector.detect(photo.repeat(scale, axis=0).repeat(scale, axis=1))
    assert np.allclose(np.array(larger.box) / scale, face.box, atol=8)
    assert np.allclose(larger.landmarks / scale, face.landmarks, atol=4)


def test_finds_the_face_in_a_tight_small_crop(detector, photo):
    (face,) = detector.detect(photo)
    left, top, right, bottom = (round(value) for value in face.box)
    crop = photo[top:bottom:2, left:right:2]
    (again,) = detector.detect(crop)
    assert_inside(again, crop)
    assert again.area > 0.5 * crop.shape[0] * crop.shape[1]


def test_largest_comes_first(detector, photo):
    small = photo[::2, ::2]
    both = np.concatenate([np.pad(small, ((0, 256), (0, 0), (0, 0))), photo], axis=1)
    faces = detector.detect(both)
    assert len(faces) == 2
    assert faces[0].area > 2 * faces[1].area
    for face in faces:
        assert_inside(face, both)


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (1, 3000), (3000, 2), (191, 193), (200, 20_000), (700, 700)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_pictures_of_nothing_hold_no_face(detector, shape, value):
    assert detector.detect(np.full((*shape, 3), value, np.uint8)) == []


def test_noise_holds_no_face(detector):
    assert detector.detect(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)) == []


def test_six_faces_and_none_in_real_photos(detector, media):
    picture = open_image(media / "multiface.jpg")
    faces = detector.detect(picture)
    assert len(faces) == 6
    for face in faces:
        assert_inside(face, picture)
    assert detector.detect(open_image(media / "free-mountain-vector-01.jpg")) == []


def moved(face: Face, right: float, down: float) -> Face:
    left, top, x2, y2 = face.box
    return replace(face, box=(left + right, top + down, x2 + right, y2 + down))


@pytest.mark.parametrize(("right", "down"), [(0, 0), (20, 0), (-15, 10), (0, -20)])
def test_a_face_is_followed_from_where_it_was(detector, photo, right, down):
    (face,) = detector.detect(photo)
    (again,) = detector.refine(photo, [moved(face, right, down)])
    assert_inside(again, photo)
    assert np.allclose(again.box, face.box, atol=12)
    assert np.allclose(again.landmarks, face.landmarks, atol=5)


def test_what_is_no_face_any_more_is_none(detector, photo):
    (face,) = detector.detect(photo)
    faces = [replace(face, box=(0, 0, 60, 60)), face, replace(face, box=(480, 480, 600, 640))]
    gone, there, outside = detector.refine(photo, faces)
    assert gone is None
    assert there is not None
    assert outside is None
    assert detector.refine(photo, []) == []
    assert detector.refine(np.zeros_like(photo), [face]) == [None]
