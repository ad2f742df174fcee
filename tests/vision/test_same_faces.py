"""Every face that plain MTCNN is sure of is found, at the same place; and those in turned photos, which it is not."""

import numpy as np
import pytest
from facenet_pytorch import MTCNN
from PIL import Image

from fer_hub import ExpressionRecognizer, FaceDetector, open_image
from tests.vision.plain_mtcnn import compare, plain_faces


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def plain() -> MTCNN:
    return MTCNN(keep_all=True)


def scene(photo: np.ndarray, heights: list[int], turn: float = 0.0, cut: float = 0.0) -> np.ndarray:
    """Heads of a real photo in a row on a soft background.

    Args:
        photo: the example photo.
        heights: of the heads, in pixels.
        turn: degrees by which each is turned in the plane.
        cut: share of the first that lies outside the picture's left edge.
    """
    head = Image.fromarray(photo[20:260, 110:330])
    height, width = max(heights) + 80, sum(heights) + 60 * (len(heights) + 1)
    shade = np.linspace(60, 180, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    picture = Image.fromarray(np.broadcast_to(shade, (height, width, 3)).astype(np.uint8))
    x = round(-cut * heights[0]) if cut else 40
    for size in heights:
        scaled = head.resize((round(size * 220 / 240), size), Image.Resampling.LANCZOS)
        mask = Image.new("L", scaled.size, 255).rotate(turn, expand=True)
        picture.paste(scaled.rotate(turn, Image.Resampling.BICUBIC, expand=True), (x, 40), mask)
        x += size + 60
    return np.asarray(picture)


@pytest.mark.parametrize(
    ("heights", "turn", "cut"),
    [
        ([90], 0, 0),
        ([120, 200, 400], 0, 0),
        ([100, 110, 120, 130, 140], 0, 0),
        ([300], 20, 0),
        ([300], -20, 0),
        ([240, 300], 0, 0.25),
        ([900], 0, 0),
    ],
)
def test_what_plain_mtcnn_is_sure_of_is_found(detector, plain, photo, heights, turn, cut):
    picture = scene(photo, heights, turn, cut)
    theirs, ours = plain_faces(plain, picture), detector.detect(picture)
    assert len(theirs) == len(heights)  # or the scene asks for nothing
    assert len(ours) == len(heights)  # and nothing else
    for found in compare(theirs, ours):
        assert found.overlap >= 0.7
        assert found.offset <= 0.05


@pytest.mark.parametrize("height", [90, 120, 200])
def test_a_mirrored_face_has_mirrored_landmarks(detector, photo, height):
    picture = scene(photo, [height])
    (face,), (mirrored,) = detector.detect(picture), detector.detect(np.ascontiguousarray(picture[:, ::-1]))
    back = mirrored.landmarks[[1, 0, 2, 4, 3]]
    back[:, 0] = picture.shape[1] - 1 - back[:, 0]
    assert np.abs((face.landmarks - back).mean(axis=0)).max() < 0.75


def test_the_same_in_real_photos(detector, plain, media):
    for name in ("multiface.jpg", "single_face.jpg", "Image_with_alpha.png"):
        picture = open_image(media / name)
        theirs, ours = plain_faces(plain, picture), detector.detect(picture)
        assert theirs
        assert len(ours) == len(theirs)
        assert min(found.overlap for found in compare(theirs, ours)) >= 0.7
        assert max(found.offset for found in compare(theirs, ours)) <= 0.05


@pytest.fixture(scope="module")
def recognizer() -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_that_lies_turned_gets_its_faces_and_their_expression(recognizer, photo, turns):
    (upright,) = recognizer(photo)
    lying = np.ascontiguousarray(np.rot90(photo, -turns))  # clockwise
    (face,) = recognizer(lying)
    assert face.face.angle == 90 * turns
    assert face.expression == upright.expression
    assert face.probabilities[face.expression] == pytest.approx(upright.probabilities[upright.expression], abs=0.1)
    centre = (np.array(lying.shape[1::-1]) - 1) / 2
    quarter = np.array([[0, 1], [-1, 0]])  # of row vectors, clockwise with y pointing down
    expected = (upright.face.landmarks - (np.array(photo.shape[1::-1]) - 1) / 2) @ np.linalg.matrix_power(
        quarter, turns
    ) + centre
    eyes = np.linalg.norm(expected[1] - expected[0])
    assert np.linalg.norm(face.face.landmarks - expected, axis=1).mean() < 0.05 * eyes


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_real_photos_get_no_upright_face(detector, media, turns):
    for name, count in (("single_face.jpg", 1), ("multiface.jpg", 6)):
        lying = np.ascontiguousarray(np.rot90(open_image(media / name), -turns))
        assert [face.angle for face in detector.detect(lying)] == [90 * turns] * count
