"""What a visitor looks at on the Photo tab."""

import math
from dataclasses import replace

import numpy as np
import pytest

from fer_hub import ExpressionRecognizer, InputError
from fer_hub.demo.state.examples import EXAMPLES
from fer_hub.demo.state.photos import (
    PORTRAIT_SIDE,
    PhotoResults,
    RecognizedPhoto,
    drawn_face,
    recognize_example,
    recognize_photo,
)
from fer_hub.demo.views.templating import said
from fer_hub.vision.images import EXAMPLE


@pytest.fixture(scope="module")
def recognizer() -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained("fer-live")


def test_a_face_is_shown_sharp_and_cut_like_the_models_crop(recognizer):
    photo = recognize_photo("a.jpg", str(EXAMPLE), recognizer)
    (face,), portrait = photo.faces, photo.shown(1)
    assert len(photo.portraits[0]) < 20_000  # what a visit keeps; pixels would be 110,592 bytes
    assert portrait.shape == (PORTRAIT_SIDE, PORTRAIT_SIDE, 3)
    side = face.crop.shape[0]
    small = portrait.reshape(side, PORTRAIT_SIDE // side, side, PORTRAIT_SIDE // side, 3).mean(axis=(1, 3, 4))
    grey = face.crop.mean(axis=2)
    assert np.corrcoef(small.ravel(), grey.ravel())[0, 1] > 0.97


def test_a_box_around_a_face_finds_its_landmarks(recognizer, photo):
    (found,) = recognizer.detector.detect(photo)
    height, width = photo.shape[:2]
    left, top, right, bottom = found.box
    drawn = drawn_face(photo, [(left - 8) / width, top / height, (right + 8) / width, bottom / height], recognizer)
    assert np.abs(drawn.landmarks - found.landmarks).max() < 6
    assert drawn.confidence > 0.9


def test_a_box_around_no_face_is_taken_for_one(recognizer):
    wall = np.full((300, 400, 3), 200, np.uint8)
    drawn = drawn_face(wall, [0.75, 0.8, 0.25, 0.2], recognizer)  # drawn from below
    assert drawn.box == pytest.approx((100, 60, 300, 240))
    assert drawn.confidence == 0
    left_eye, right_eye, nose, left_mouth, right_mouth = drawn.landmarks
    assert 100 < left_eye[0] < nose[0] < right_eye[0] < 300
    assert 60 < left_eye[1] < nose[1] < left_mouth[1] < 240
    assert left_mouth[0] < right_mouth[0]
    (answer,) = recognizer.classify([(wall, drawn)])
    assert sum(answer.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("box", [[], [0, 0, 1], [0, 0, 1, "1"], [0, 0, math.nan, 1], [0, 0, math.inf, 1]])
def test_what_is_no_box_is_refused(recognizer, photo, box):
    with pytest.raises(InputError, match="four numbers"):
        drawn_face(photo, box, recognizer)


def test_a_box_that_holds_no_face_is_refused(recognizer, photo):
    with pytest.raises(InputError, match="too small"):
        drawn_face(photo, [0.5, 0.5, 0.51, 0.9], recognizer)


def test_faces_are_counted_over_all_photos(recognizer):
    one = recognize_photo("a.jpg", str(EXAMPLE), recognizer)
    two = one.with_face(one.faces[0], one.shown(1))
    assert two.shown(2).shape == one.shown(1).shape
    assert replace(two, portraits=[]).shown(2).shape == two.faces[1].crop.shape  # beyond those that are kept
    none = RecognizedPhoto("b.jpg", "b.jpg", [])
    results = PhotoResults(("fer-live",), (one, none, two))
    assert [number for _, number, _ in results.faces()] == [1, 1, 2]
    assert [results.first_of(place) for place in range(3)] == [0, 1, 1]
    assert [results.place_of(face) for face in range(3)] == [0, 2, 2]
    assert not results.is_example


def test_every_example_has_a_face_and_something_to_say(recognizer):
    photos = {EXAMPLES[number].name: recognize_example(number, recognizer) for number in range(len(EXAMPLES))}
    assert {name: len(photo.faces) for name, photo in photos.items()} == {
        "portrait": 1, "covered": 1, "unsure": 1, "two": 2, "turned": 1, "far": 1,
    }  # fmt: skip
    face = {name: photo.faces[0] for name, photo in photos.items()}
    named = face["portrait"].expression
    assert face["portrait"].probabilities[named] - face["covered"].probabilities[named] > 0.1
    assert face["turned"].face.angle != 0
    assert said(face["unsure"]) == "neutral or sad?"
    assert {one.expression for one in photos["two"].faces} == {"happy", "neutral"}
    assert face["far"].doubt == "the face is too small"
