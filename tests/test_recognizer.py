import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fer_hub import (
    EXPRESSIONS,
    ExpressionClassifier,
    ExpressionRecognizer,
    Face,
    FaceDetector,
    FaceExpression,
    InputError,
)
from fer_hub.models import build_network
from fer_hub.vision.images import EXAMPLE
from tests.models.test_models import config_of


@pytest.fixture(scope="module")
def recognizer(model_folder) -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained(str(model_folder))


def untrained(**changes) -> ExpressionClassifier:
    config = config_of("complex_cnn", **changes)
    return ExpressionClassifier(build_network(config), config)


def test_a_photo_gives_a_face_with_seven_probabilities(recognizer, photo):
    (face,) = recognizer(photo)
    assert tuple(face.probabilities) == EXPRESSIONS
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert face.probabilities[face.expression] == max(face.probabilities.values())
    left, top, right, bottom = face.box
    assert 0 <= left < right <= photo.shape[1]
    assert 0 <= top < bottom <= photo.shape[0]
    assert face.crop.shape == (48, 48, 3)
    assert (face.crop == face.crop[..., :1]).all()  # the model was trained on grey pictures
    told = json.loads(json.dumps(face.to_dict()))
    assert set(told) == {"box", "confidence", "expression", "probabilities", "doubt"}
    assert told["doubt"] == face.doubt


def test_path_bytes_image_and_array_give_the_same(recognizer):
    forms = (EXAMPLE, str(EXAMPLE), EXAMPLE.read_bytes(), Image.open(EXAMPLE), np.asarray(Image.open(EXAMPLE)))
    first, *others = (recognizer(form)[0].to_dict() for form in forms)
    assert all(other == first for other in others)


def test_no_face_gives_an_empty_list(recognizer):
    assert recognizer(np.zeros((300, 300, 3), np.uint8)) == []


def test_what_is_no_picture_is_refused(recognizer):
    with pytest.raises(InputError, match="not a JPEG"):
        recognizer(b"hello")


def test_an_ensemble_averages_its_models_by_label(photo):
    models = [untrained(), untrained(labels=tuple(reversed(EXPRESSIONS)))]
    detector = FaceDetector()
    alone = [ExpressionRecognizer([model], detector)(photo)[0].probabilities for model in models]
    together = ExpressionRecognizer(models, detector)(photo)[0].probabilities
    for label in EXPRESSIONS:
        assert together[label] == pytest.approx((alone[0][label] + alone[1][label]) / 2)


def test_models_with_other_labels_make_no_ensemble():
    with pytest.raises(InputError, match="make no ensemble"):
        ExpressionRecognizer([untrained(), untrained(labels=("happy", "sad"))], FaceDetector())


def test_the_bundled_default_sees_a_smile(photo):
    (face,) = ExpressionRecognizer.from_pretrained()(photo)
    assert face.expression == "happy"


def test_six_faces_of_a_real_photo(media):
    faces = ExpressionRecognizer.from_pretrained()(media / "multiface.jpg")
    assert len(faces) == 6
    for face in faces:
        assert sum(face.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("happy", "sad", "box", "doubt"),
    [
        (0.6, 0.3, (0, 0, 80, 100), None),
        (0.45, 0.26, (0, 0, 80, 100), "the two most probable are too close"),
        (0.6, 0.3, (0, 0, 20, 29), "the face is too small"),
        (0.6, 0.3, (0, 0, 20, 31), None),
    ],
)
def test_a_model_says_when_it_is_not_sure(happy, sad, box, doubt):
    face = Face(box, 0.99, np.zeros((5, 2)))
    assert FaceExpression(face, {"happy": happy, "sad": sad, "neutral": 0.1}, np.zeros((48, 48, 3))).doubt == doubt


def test_eight_threads_on_one_recognizer_get_the_answers_of_one():
    recognizer = ExpressionRecognizer.from_pretrained("fer-live", "simple_cnn")
    photos = [np.asarray(Image.open(EXAMPLE).convert("RGB").rotate(3 * n - 12)) for n in range(8)]
    alone = [recognizer(photo) for photo in photos]
    assert all(len(faces) == 1 for faces in alone)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(recognizer, photos * 3))
    for faces, expected in zip(together, alone * 3, strict=True):
        assert [face.to_dict() for face in faces] == [face.to_dict() for face in expected]


def test_faces_of_several_pictures_are_named_together(recognizer, photo):
    (face,) = recognizer(photo)
    upside = np.ascontiguousarray(photo[:, ::-1])
    mirrored = recognizer.detector.detect(upside)
    together = recognizer.classify([(photo, face.face), (upside, mirrored[0])])
    assert together[0].probabilities == pytest.approx(face.probabilities, abs=1e-5)
    assert together[1].probabilities == pytest.approx(recognizer(upside)[0].probabilities, abs=1e-5)
    assert recognizer.classify([]) == []
