"""What a network answers beside the expression: kept with it, averaged over models, told with each face."""

import json

import numpy as np
import pytest
import torch

from fer_hub import ExpressionClassifier, ExpressionRecognizer, InputError
from fer_hub.models import build_network
from fer_hub.models.config import Head, ModelConfig
from fer_hub.models.ensemble import Ensemble
from fer_hub.vision.detection import FaceDetector
from tests.models.test_models import config_of

CROPS = torch.randint(0, 256, (5, 3, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
GENDER, AGE = Head(classes=("female", "male")), Head(mean=40.0, std=12.0)


def classifier(seed: int, name: str = "compact_tiny", **heads: Head) -> ExpressionClassifier:
    torch.manual_seed(seed)
    config = config_of(name, heads=heads)
    return ExpressionClassifier(build_network(config), config)


@pytest.mark.parametrize("name", ["simple_cnn", "compact_tiny", "attention", "resnet18", "squeezenet1_1"])
def test_every_architecture_has_heads_and_keeps_them(name, tmp_path):
    torch.manual_seed(0)
    config = config_of(name, heads={"gender": GENDER, "age": AGE})
    made = ExpressionClassifier(build_network(config), config)
    made.save(tmp_path)
    loaded = ExpressionClassifier.load(tmp_path)
    assert loaded.config == config
    answers = loaded.answers(CROPS)
    assert answers.probabilities.shape == (5, 7)
    assert torch.allclose(answers.heads["gender"].sum(dim=1), torch.ones(5).double())
    assert answers.heads["age"].shape == (5, 1)


def test_a_value_is_told_in_its_own_unit():
    made = classifier(0, age=AGE)
    (raw,) = made.outputs(CROPS)[1].values()
    assert torch.allclose(made.answers(CROPS).heads["age"], raw.double() * 12 + 40)


def test_an_ensemble_averages_heads_by_name_over_the_models_that_have_them():
    both = classifier(1, gender=GENDER, age=AGE)
    turned = classifier(2, gender=Head(classes=("male", "female")))
    others = classifier(3, gender=Head(classes=("m", "f")))
    said = Ensemble([both, turned, others, classifier(4)]).answers(CROPS)
    assert list(said.heads) == ["gender", "age"]
    assert torch.equal(said.heads["age"], both.answers(CROPS).heads["age"])
    expected = (both.answers(CROPS).heads["gender"] + turned.answers(CROPS).heads["gender"].flip(1)) / 2
    assert torch.allclose(said.heads["gender"], expected)
    assert torch.allclose(said.probabilities, Ensemble([both, turned, others, classifier(4)]).probabilities(CROPS))


def test_each_face_tells_what_the_heads_say(photo):
    made = classifier(1, gender=GENDER, age=AGE)
    recognizer = ExpressionRecognizer([made, classifier(2)], FaceDetector())
    (face,) = recognizer(photo)
    told = face.to_dict()["heads"]
    assert set(told) == {"gender", "age"}
    assert sum(told["gender"].values()) == pytest.approx(1)
    assert json.loads(json.dumps(told)) == told
    word = max(told["gender"], key=told["gender"].get)
    assert face.further == f"gender {word} {told['gender'][word]:.0%}, age {told['age']:.3g}"
    (plain,) = ExpressionRecognizer([classifier(2)], FaceDetector())(photo)
    assert "heads" not in plain.to_dict()
    assert plain.further == ""


def test_a_configuration_without_heads_is_read_and_one_with_wrong_ones_refused():
    values = json.loads(config_of("simple_cnn").model_dump_json())
    del values["heads"]
    assert ModelConfig.from_json(json.dumps(values | {"format_version": 2}), "it").heads == {}
    for heads, message in (
        ({"x": {"classes": ["a"]}}, "at least two classes"),
        ({"x": {"classes": ["a", "a"]}}, "none of them twice"),
        ({"x": {"classes": ["<b>", "a"]}}, "heads.x.classes.0"),
        ({"<x>": {}}, "heads"),
        ({"x": {"std": 0.0}}, "heads.x.std"),
        ({f"x{number}": {} for number in range(17)}, "at most 16"),
    ):
        with pytest.raises(InputError, match=message):
            ModelConfig.from_json(json.dumps(values | {"heads": heads}), "it")


def test_heads_cost_nothing_where_there_are_none():
    torch.manual_seed(0)
    plain = build_network(config_of("compact_tiny"))
    named = dict(classifier(0).network.named_parameters())
    assert all(np.array_equal(p.detach(), named[name].detach()) for name, p in plain.named_parameters())
