"""Labels and probabilities -> EvaluationReport. Both come from one pass over the data, row by row."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport

CALIBRATION_BINS = 15
BOOTSTRAP_RESAMPLES = 10_000


def evaluate(predictions: Predictions, seen: np.ndarray | None = None, **described: Any) -> EvaluationReport:
    """Score what a model answered against the labels of the same pictures.

    Args:
        predictions: rows of probabilities sum to 1, or are 0 where no face was found, which counts as wrong and
            stands in no column of the matrix.
        seen: `(N,)` bool, whether the picture also stands in the training split, where that is known.
        described: model, dataset, dataset_revision, split and temperature as they go into the report, and further
            fields of `EvaluationReport` that are measured elsewhere.
    """
    labels, probabilities, names = predictions.labels, predictions.probabilities, predictions.names
    if len(labels) == 0 or probabilities.shape != (len(labels), len(names)):
        raise InputError(
            f"{len(labels)} labels and probabilities of shape {probabilities.shape} cannot be scored; "
            f"expected at least one label and {len(names)} probabilities for each."
        )
    answered = probabilities.sum(axis=1) > 0
    predicted, correct = predictions.named, predictions.correct
    reliability = reliability_bins(probabilities, correct)
    classes = np.arange(len(names))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0.0
    )
    occurs = support > 0
    report = EvaluationReport(
        images=len(labels),
        labels=list(names),
        confusion_matrix=confusion_matrix(labels, predicted, labels=classes).tolist(),
        accuracy=float(correct.mean()),
        accuracy_ci95=_accuracy_interval(correct),
        balanced_accuracy=float(recall[occurs].mean()),
        macro_f1=float(f1[occurs].mean()),
        per_class={
            name: {
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "f1": float(f1[k]),
                "support": int(support[k]),
            }
            for k, name in enumerate(names)
        },
        log_loss=float(log_loss(labels, np.where(answered[:, None], probabilities, 1 / len(names)), labels=classes)),
        expected_calibration_error=expected_calibration_error(reliability),
        reliability=reliability,
        **described,
    )
    if seen is None:
        return report
    unseen = float(correct[~seen].mean()) if (~seen).any() else None
    return replace(report, images_seen_in_training=int(seen.sum()), accuracy_unseen=unseen)


def reliability_bins(probabilities: np.ndarray, correct: np.ndarray) -> list[dict[str, int | float]]:
    """How often the model is right when it is so sure: 15 equal-width bins of its top probability.

    Returns mean `confidence`, `accuracy` and number of `images` of each bin that holds any, least sure first.
    """
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == k].mean()),
            "accuracy": float(correct[bins == k].mean()),
            "images": int((bins == k).sum()),
        }
        for k in np.unique(bins)
    ]


def expected_calibration_error(reliability: list[dict[str, int | float]]) -> float:
    """Mean gap between confidence and accuracy over the pictures of all bins (Guo et al., 2017)."""
    images = sum(bin["images"] for bin in reliability)
    return sum(bin["images"] * abs(bin["confidence"] - bin["accuracy"]) for bin in reliability) / images


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature, 0.2-20, that makes `softmax(logits / temperature)` fit the labels best (lowest log loss)."""

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        true = shifted[np.arange(len(labels)), labels]
        return float((np.log(np.exp(shifted).sum(axis=1)) - true).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def _accuracy_interval(correct: np.ndarray) -> list[float]:
    """95% percentile bootstrap of a share: resampling N right-or-wrong pictures is a binomial draw."""
    resampled = np.random.default_rng(0).binomial(len(correct), correct.mean(), BOOTSTRAP_RESAMPLES)
    return [float(bound) for bound in np.percentile(resampled / len(correct), [2.5, 97.5])]
