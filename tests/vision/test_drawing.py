import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from fer_hub import EXPRESSIONS, Face, FaceExpression
from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.vision.drawing import ABOVE, TagPlace, annotate, place_tags


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


SIDE = st.integers(1, 60)
BOXES = st.lists(st.tuples(st.integers(0, 340), st.integers(0, 240), SIDE, SIDE), min_size=1, max_size=12)


def words_on(boxes, size=(70, 20), picture=(400, 300)):
    sizes = [size] * len(boxes)
    places = place_tags(boxes, sizes, picture)
    return places, [place.rectangle(box, size) for place, box in zip(places, boxes, strict=True)]


def covers(one, other):
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((100, 100, 140, 150), ABOVE),
        ((360, 100, 395, 150), TagPlace("above", right=True)),
        ((100, 5, 140, 50), TagPlace("below", right=False)),
        ((360, 5, 395, 50), TagPlace("below", right=True)),
        ((0, 0, 400, 300), TagPlace("inside", right=False)),
    ],
)
def test_words_stand_above_a_face_or_where_the_picture_has_room(box, place):
    assert words_on([box])[0] == [place]


def test_words_of_faces_close_together_cover_nobody():
    boxes = [(466, 236, 520, 305), (229, 72, 274, 130), (301, 45, 342, 84), (336, 106, 376, 162), (394, 254, 433, 310)]
    _, words = words_on(boxes, (82, 19), (652, 343))
    for number, tag in enumerate(words):
        assert not any(covers(tag, other) for other in [*boxes, *words[:number]]), number


@given(BOXES)
def test_words_never_leave_a_picture_that_has_room_beside_every_face(drawn):
    boxes = [(left, top, left + width, top + height) for left, top, width, height in drawn]
    _, words = words_on(boxes)
    assert all(left >= 0 and top >= 0 and right <= 400 and bottom <= 300 for left, top, right, bottom in words)


@given(BOXES)
def test_words_that_stand_free_above_are_left_there(drawn):
    boxes = [(left, top, left + width, top + height) for left, top, width, height in drawn]
    places, words = words_on(boxes)
    for number, box in enumerate(boxes):
        usual = ABOVE.rectangle(box, (70, 20))
        others = [*boxes[:number], *boxes[number + 1 :], *words[:number]]
        if usual[1] >= 0 and usual[2] <= 400 and not any(covers(usual, other) for other in others):
            assert places[number] == ABOVE
