"""Numbers that no rebuilding may move; `python -m tests.golden` writes them anew where a change is meant to."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.predictions import Predictions
from fer_hub.files import PREDICTIONS_FILE
from fer_hub.hub.references import BUNDLED, bundled_models, resolve
from tests import golden

GOLDEN = json.loads(golden.FILE.read_text())


@pytest.mark.slow
def test_every_shipped_model_answers_as_before():
    found = golden.shipped_models()
    assert set(found) == set(GOLDEN["models"])
    for name, answers in GOLDEN["models"].items():
        assert found[name]["photo"] == pytest.approx(answers["photo"], abs=1e-4)
        assert np.allclose(found[name]["crops"], answers["crops"], atol=1e-4)


def test_faces_are_cut_out_to_the_pixel_as_before():
    assert golden.aligned_crops() == GOLDEN["crops"]


@pytest.mark.parametrize("name", bundled_models())
def test_the_stored_predictions_give_the_stored_report(name):
    report = resolve(name).evaluation
    predictions = Predictions.load(BUNDLED / name / PREDICTIONS_FILE, report.labels)
    shares = predictions.probabilities / predictions.probabilities.sum(axis=1, keepdims=True)
    again = evaluate(
        replace(predictions, probabilities=shares),
        model=report.model,
        dataset=report.dataset,
        dataset_revision=report.dataset_revision,
        split=report.split,
        temperature=report.temperature,
    )
    assert again.confusion_matrix == report.confusion_matrix
    assert again.accuracy_ci95 == report.accuracy_ci95
    assert again.per_class == report.per_class
    assert again.expected_calibration_error == pytest.approx(report.expected_calibration_error, abs=1e-5)
    assert again.log_loss == pytest.approx(report.log_loss, abs=1e-5)


@pytest.mark.slow
def test_a_short_training_ends_as_before():
    found, expected = golden.short_training(), GOLDEN["training"]
    for epoch, before in zip(found["history"], expected["history"], strict=True):
        assert epoch == pytest.approx(before, abs=0.02)
    assert set(found["weights"]) == set(expected["weights"])
    for name, total in expected["weights"].items():
        assert found["weights"][name] == pytest.approx(total, rel=1e-2, abs=1e-3)
