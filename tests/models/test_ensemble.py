"""Several models as one: averaged by the names of their labels, whatever their order and the crops they take."""

import numpy as np
import pytest
import torch

from fer_hub import EXPRESSIONS, ExpressionClassifier, InputError
from fer_hub.models import build_network
from fer_hub.models.ensemble import Ensemble
from tests.models.test_models import config_of


def untrained(seed: int, **changes) -> ExpressionClassifier:
    torch.manual_seed(seed)
    config = config_of("simple_cnn", **changes)
    return ExpressionClassifier(build_network(config), config)


CROPS = torch.randint(0, 256, (5, 3, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_answers_are_averaged_by_name():
    one, other = untrained(1), untrained(2, labels=tuple(reversed(EXPRESSIONS)))
    together = Ensemble([one, other]).probabilities(CROPS)
    expected = (one.probabilities(CROPS) + other.probabilities(CROPS).flip(1)) / 2
    assert torch.allclose(together, expected)
    assert Ensemble([other, one]).labels == tuple(reversed(EXPRESSIONS))
    assert torch.equal(Ensemble([one]).probabilities(CROPS), one.probabilities(CROPS))


def test_each_model_can_have_crops_of_its_own():
    one, other = untrained(1), untrained(2)
    dark = CROPS // 2
    expected = (one.probabilities(CROPS) + other.probabilities(dark)) / 2
    assert torch.allclose(Ensemble([one, other]).probabilities([CROPS, dark]), expected)
    with pytest.raises(ValueError, match="shorter"):
        Ensemble([one, other]).probabilities([CROPS])


def test_a_model_that_knows_more_shares_its_probability_out():
    asked = ("sad", "happy")
    answers = Ensemble([untrained(1), untrained(2, labels=asked)], asked).probabilities(CROPS)
    assert answers.shape == (5, 2)
    assert torch.allclose(answers.sum(dim=1), torch.ones(5, dtype=torch.float64))
    with pytest.raises(InputError, match="cannot name contempt"):
        Ensemble([untrained(1)], ("happy", "contempt"))


def test_pictures_become_the_crops_that_each_model_takes():
    grey, colour = untrained(1), untrained(2, grey=False, channels=3, mean=(0.5,) * 3, std=(0.2,) * 3)
    pictures = [np.full((20, 30, 3), value, np.uint8) for value in (0, 255)]
    batches = Ensemble([grey, colour]).crops(pictures)
    sizes = [each.config.crop.size for each in (grey, colour)]
    assert [batch.shape for batch in batches] == [(2, 1, sizes[0], sizes[0]), (2, 3, sizes[1], sizes[1])]
    assert [batch.unique().tolist() for batch in batches] == [[0, 255]] * 2


def test_models_with_other_labels_and_no_models_make_no_ensemble():
    with pytest.raises(InputError, match="make no ensemble"):
        Ensemble([untrained(1), untrained(2, labels=("happy", "sad"))])
    with pytest.raises(InputError, match="at least one model"):
        Ensemble([])
