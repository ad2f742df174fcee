import numpy as np
import pytest
import torch

from fer_hub import EXPRESSIONS, ExpressionClassifier, ExpressionRecognizer, InputError
from fer_hub.explain.attribution import explain, has_attention
from fer_hub.models import ModelConfig, build_network
from tests.models.test_models import config_of


class Reader(ExpressionClassifier):
    """Sees "happy" by one thing alone: how bright the lower left quarter is."""

    def outputs(self, crops: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        logits = torch.zeros(len(crops), len(self.config.labels))
        logits[:, self.config.labels.index("happy")] = crops[:, :, 24:, :24].float().amax(dim=(1, 2, 3)) / 25
        return logits, {}


def config() -> ModelConfig:
    return config_of("simple_cnn")


def test_the_place_that_decides_lights_up():
    crop = np.zeros((48, 48, 3), np.uint8)
    crop[34:38, 8:12] = 255  # a spark that blurring takes away
    heat = explain(Reader(build_network(config()), config()), crop, "happy")
    assert heat.shape == (48, 48)
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert 0.3 < heat.max() <= 1
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 24 <= row < 48
    assert 0 <= column < 24
    assert heat[:16, 32:].max() < 0.01


def test_what_the_model_does_not_look_at_stays_dark():
    crop = np.zeros((48, 48, 3), np.uint8)
    crop[8:12, 34:38] = 255
    assert explain(Reader(build_network(config()), config()), crop, "happy").max() < 0.01


def test_a_network_shows_its_own_attention():
    network = build_network(config())
    middle = torch.zeros(1, 1, 3, 3)
    middle[..., 1, 1] = 0.2
    setattr(network, "attention_map", lambda inputs: middle.expand(len(inputs), -1, -1, -1))  # noqa: B010
    classifier = ExpressionClassifier(network, config())
    assert has_attention(classifier.network)
    heat = explain(classifier, np.zeros((48, 48, 3), np.uint8), "sad")
    assert heat.max() == pytest.approx(1)
    assert heat[24, 24] > 0.9
    assert heat[0, 0] < 0.05


def test_an_expression_that_the_model_does_not_know_is_refused():
    with pytest.raises(InputError, match="no expression 'smug'"):
        explain(Reader(build_network(config()), config()), np.zeros((48, 48, 3), np.uint8), "smug")


def test_the_mouth_decides_for_a_real_smile(photo):
    recognizer = ExpressionRecognizer.from_pretrained()
    (face,) = recognizer(photo)
    heat = explain(recognizer.classifiers[0], face.crop, "happy")
    assert not has_attention(recognizer.classifiers[0].network)
    assert heat[30:44, 12:36].mean() > 3 * heat[4:22, 12:36].mean()


def test_every_expression_of_the_bundled_model_can_be_explained(photo):
    recognizer = ExpressionRecognizer.from_pretrained()
    (face,) = recognizer(photo)
    for expression in EXPRESSIONS:
        assert np.isfinite(explain(recognizer.classifiers[0], face.crop, expression)).all()
