"""A recognizer and a split -> Predictions: labels and answers from one pass, row by row."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.robustness import CORRUPTIONS, STRENGTHS, corrupted
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.recognizer import ExpressionRecognizer


def from_crops(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> Predictions:
    """What the recognizer answers for a split whose pictures are face crops."""
    splits = _as_each_model_takes_them(recognizer, dataset, name)
    labels = _positions(dataset, splits[0].labels.numpy(), recognizer.labels)
    answers = _average(recognizer, ([split.pictures] for split in splits))
    return Predictions(recognizer.labels, splits[0].index, labels, answers)


def from_photos(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> Predictions:
    """The same from photo to label: the largest face that is found; rows of zeros where none is."""
    labels, rows = [], []
    for image, label in tqdm(dataset.pictures(name), "from photo to label", unit="picture", leave=False):
        faces = recognizer(image)
        labels.append(label)
        rows.append(list(faces[0].probabilities.values()) if faces else [0.0] * len(recognizer.labels))
    positions = _positions(dataset, np.array(labels), recognizer.labels)
    return Predictions(recognizer.labels, np.arange(len(labels)), positions, np.array(rows))


def under_corruption(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> dict[str, float]:
    """Accuracy on a split's face crops, changed in each way and strength of fer_hub/evaluation/robustness.py."""
    splits = _as_each_model_takes_them(recognizer, dataset, name)
    labels = _positions(dataset, splits[0].labels.numpy(), recognizer.labels)
    geometries = [classifier.config.crop for classifier in recognizer.classifiers]
    accuracy = {}
    conditions = [(corruption, strength) for corruption in CORRUPTIONS for strength in STRENGTHS]
    for corruption, strength in tqdm(conditions, "robustness", unit="condition", leave=False):
        changed = (
            corrupted(split.pictures, corruption, strength, geometry)
            for split, geometry in zip(splits, geometries, strict=True)
        )
        answers = _average(recognizer, changed)
        accuracy[f"{corruption} {strength}"] = float((answers.argmax(axis=1) == labels).mean())
    return accuracy


def _as_each_model_takes_them(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> list[Split]:
    """A split, for each model as crops of the size and colour it was trained on."""
    configs = [classifier.config for classifier in recognizer.classifiers]
    return [dataset.read(name, config.crop.size, 1 if config.grey else 3) for config in configs]


def _average(recognizer: ExpressionRecognizer, crops: Iterable[Iterable[Tensor]]) -> np.ndarray:
    """`(N, K)` probabilities averaged over the models, in the recognizer's label order, from each one's batches."""

    def answers(classifier: ExpressionClassifier, batches: Iterable[Tensor]) -> np.ndarray:
        columns = [classifier.config.labels.index(label) for label in recognizer.labels]
        return torch.cat([classifier.probabilities(batch) for batch in batches]).numpy()[:, columns]

    return np.mean([answers(*pair) for pair in zip(recognizer.classifiers, crops, strict=True)], axis=0)


def _positions(dataset: Dataset, labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The dataset's labels as positions in the models' label order."""
    if unknown := set(dataset.label_names) - set(names):
        raise InputError(
            f"{dataset.reference} has labels {', '.join(dataset.label_names)}, but the model knows only "
            f"{', '.join(names)}; it cannot name: {', '.join(sorted(unknown))}."
        )
    return np.array([names.index(label) for label in dataset.label_names])[labels]
