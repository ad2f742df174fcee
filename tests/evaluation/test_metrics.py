import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import EXPRESSIONS, EvaluationReport, InputError
from fer_hub.evaluation.metrics import evaluate, expected_calibration_error, fit_temperature, reliability_bins
from fer_hub.evaluation.predictions import Predictions

DESCRIBED: dict[str, Any] = {"model": "m", "dataset": "d", "dataset_revision": "r", "split": "test", "temperature": 1.0}


def score(labels: np.ndarray, probabilities: np.ndarray, names: tuple[str, ...], **more: Any) -> EvaluationReport:
    """The report of these rows."""
    return evaluate(Predictions(names, np.arange(len(labels)), labels, probabilities), **DESCRIBED, **more)


def answers(seed: int, images: int, right: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, images)
    probabilities = rng.dirichlet(np.ones(7), images)
    probabilities[np.arange(images), labels] += rng.random(images) < right
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


@given(st.integers(0, 1000), st.integers(1, 200))
def test_trace_over_images_is_accuracy_in_any_order(seed, images):
    labels, probabilities = answers(seed, images)
    report = score(labels, probabilities, EXPRESSIONS)
    assert np.trace(report.confusion_matrix) / report.images == pytest.approx(report.accuracy)
    assert np.sum(report.confusion_matrix) == images
    assert [row["support"] for row in report.per_class.values()] == np.sum(report.confusion_matrix, axis=1).tolist()
    order = np.random.default_rng(seed + 1).permutation(images)
    shuffled = score(labels[order], probabilities[order], EXPRESSIONS)
    assert shuffled.confusion_matrix == report.confusion_matrix
    assert shuffled.log_loss == pytest.approx(report.log_loss)
    assert shuffled.expected_calibration_error == pytest.approx(report.expected_calibration_error)


def test_rows_are_true_and_columns_predicted():
    labels = np.array([0, 0, 1])
    probabilities = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    report = score(labels, probabilities, ("happy", "sad"))
    assert report.confusion_matrix == [[1, 1], [0, 1]]
    assert report.accuracy == pytest.approx(2 / 3)
    assert report.balanced_accuracy == pytest.approx(0.75)
    assert report.per_class["happy"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2}


def test_answers_shifted_against_their_labels_are_at_chance():
    labels, probabilities = answers(0, 5000, right=1.0)
    assert score(labels, probabilities, EXPRESSIONS).accuracy > 0.9
    shifted = score(labels, np.roll(probabilities, 1, axis=0), EXPRESSIONS)
    assert shifted.accuracy == pytest.approx(1 / 7, abs=0.03)


def test_interval_holds_the_accuracy_and_narrows_with_pictures():
    few = score(*answers(0, 100), EXPRESSIONS)
    many = score(*answers(0, 10_000), EXPRESSIONS)
    for report in (few, many):
        low, high = report.accuracy_ci95
        assert low < report.accuracy < high
    width = many.accuracy_ci95[1] - many.accuracy_ci95[0]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(many.accuracy * (1 - many.accuracy) / 10_000), rel=0.1)


def test_pictures_without_a_face_count_as_wrong_and_are_named_nothing():
    labels, probabilities = np.array([0, 1]), np.array([[1.0, 0.0], [0.0, 0.0]])
    report = score(labels, probabilities, ("happy", "sad"), images_without_face=1)
    assert report.accuracy == 0.5
    assert report.confusion_matrix == [[1, 0], [0, 0]]
    assert report.per_class["sad"]["support"] == 1


def test_seen_pictures_are_told_apart():
    labels, probabilities = np.array([0, 1, 1]), np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    report = score(labels, probabilities, ("happy", "sad"), seen=np.array([True, False, False]))
    assert (report.images_seen_in_training, report.accuracy_unseen) == (1, 0.5)


def test_expressions_that_do_not_occur_do_not_lower_the_means():
    report = score(np.array([0]), np.eye(7)[[0]], EXPRESSIONS)
    assert report.balanced_accuracy == report.macro_f1 == 1.0


def calibration_error(probabilities: np.ndarray, correct: list[bool]) -> float:
    return expected_calibration_error(reliability_bins(probabilities, np.array(correct)))


def test_calibration_error_of_known_cases():
    sure = np.array([[0.9, 0.1]] * 10)
    assert calibration_error(sure, [True] * 9 + [False]) == pytest.approx(0)
    assert calibration_error(sure, [False] * 10) == pytest.approx(0.9)
    assert calibration_error(np.array([[1.0, 0.0]]), [True]) == pytest.approx(0)


def test_reliability_bins_of_a_known_case():
    probabilities = np.array([[0.9, 0.1], [0.92, 0.08], [0.2, 0.8], [0.5, 0.5]])
    bins = reliability_bins(probabilities, np.array([True, False, True, False]))
    assert bins == [
        {"confidence": 0.5, "accuracy": 0.0, "images": 1},
        {"confidence": 0.8, "accuracy": 1.0, "images": 1},
        {"confidence": pytest.approx(0.91), "accuracy": 0.5, "images": 2},
    ]


@given(st.integers(0, 1000), st.integers(1, 200))
def test_reliability_bins_hold_every_picture_once_and_lie_apart(seed, images):
    report = score(*answers(seed, images), EXPRESSIONS)
    assert report.reliability is not None
    assert sum(bin["images"] for bin in report.reliability) == images
    right = sum(bin["images"] * bin["accuracy"] for bin in report.reliability)
    assert right / images == pytest.approx(report.accuracy)
    places = [int(bin["confidence"] * 15) for bin in report.reliability]
    assert places == sorted(places)


def test_the_most_frequent_mistakes_come_first():
    labels = np.array([0, 0, 0, 1, 1, 2])
    named = np.array([1, 1, 0, 0, 1, 2])
    report = score(labels, np.eye(3)[named], ("happy", "sad", "fear"))
    assert report.most_confused() == [("happy", "sad", 2), ("sad", "happy", 1)]
    assert report.most_confused(1) == [("happy", "sad", 2)]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_recovered(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 7))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_report_survives_json_and_leaves_out_what_is_unknown():
    report = score(*answers(0, 50), EXPRESSIONS)
    assert EvaluationReport.from_json(report.to_json()) == report
    assert "accuracy_unseen" not in json.loads(report.to_json())


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"model": 1}', "{" * 100])
def test_other_json_is_refused(text):
    with pytest.raises(InputError, match=r"not an evaluation\.json"):
        EvaluationReport.from_json(text)


def test_labels_and_probabilities_must_match():
    with pytest.raises(InputError, match="cannot be scored"):
        score(np.array([0, 1]), np.eye(7)[[0]], EXPRESSIONS)
