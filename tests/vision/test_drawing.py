import numpy as np
import pytest
from PIL import ImageColor

from fer_hub import EXPRESSIONS, Face, FaceExpression
from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.vision.drawing import annotate


def face_at(*box: float, expression: str = "happy") -> FaceExpression:
    probabilities = {label: 0.7 if label == expression else 0.05 for label in EXPRESSIONS}
    face = Face((box[0], box[1], box[2], box[3]), 0.99, np.zeros((5, 2)))
    return FaceExpression(face, probabilities, np.zeros((48, 48, 3), np.uint8))


def test_every_expression_has_a_colour_of_its_own():
    assert set(COLOURS) == set(EXPRESSIONS)
    assert len(set(COLOURS.values())) == len(EXPRESSIONS)


@pytest.mark.parametrize("colour", [*COLOURS.values(), OTHER_COLOUR])
def test_black_can_be_read_on_every_colour(colour):
    shares = np.array(ImageColor.getrgb(colour)) / 255
    linear = np.where(
        shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4
    )  # WCAG 2, relative luminance
    assert (linear @ (0.2126, 0.7152, 0.0722) + 0.05) / 0.05 >= 4.5


@pytest.mark.parametrize("box", [(100, 100, 200, 220), (0, 0, 40, 40), (360, 260, 400, 300)])
def test_box_and_tag_are_drawn_inside_and_the_rest_is_left_alone(box):
    picture = np.full((300, 400, 3), 128, np.uint8)
    drawn = np.asarray(annotate(picture, [face_at(*box, expression="sad")]))
    assert drawn.shape == picture.shape
    colour = tuple(bytes.fromhex(COLOURS["sad"][1:]))
    assert (drawn == colour).all(axis=2).sum() > 100
    assert (drawn == 128).all(axis=2).mean() > 0.8
    assert (picture == 128).all()


def test_what_is_not_sure_has_no_expressions_colour():
    small = face_at(100, 100, 120, 120, expression="sad")  # too small to rely on
    drawn = np.asarray(annotate(np.full((300, 400, 3), 128, np.uint8), [small]))
    for colour in COLOURS.values():
        assert (drawn == tuple(bytes.fromhex(colour[1:]))).all(axis=2).sum() == 0


def test_large_pictures_are_scaled_down_with_their_boxes():
    drawn = np.asarray(annotate(np.zeros((1000, 4000, 3), np.uint8), [face_at(2000, 500, 2400, 900)], max_side=800))
    assert drawn.shape == (200, 800, 3)
    colour = tuple(bytes.fromhex(COLOURS["happy"][1:]))
    assert (drawn[150, 395:405] == colour).all(axis=1).any()


def test_without_faces_it_is_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    assert (np.asarray(annotate(picture, [])) == picture).all()
