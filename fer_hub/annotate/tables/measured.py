"""What is known of the models from labelled pictures, by which a summary says how far to trust it."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.published_datasets import short_title


class Measured(BaseModel, frozen=True, extra="forbid"):
    """How the models do on one split of a dataset."""

    dataset: str
    """What it is called; not where it lies."""
    split: str
    images: int
    matrix: tuple[tuple[int, ...], ...]
    """Rows what pictures are labelled as, columns what the models name, in the order of the run's labels."""
    confidence: float
    """Mean probability of what they name."""


def measure(folders: Sequence[ModelFolder], labels: Sequence[str]) -> Measured | None:
    """Average the predictions that lie in the models' folders; None where they lack or are of different pictures."""
    try:
        reports = [folder.evaluation for folder in folders]
        predictions = [folder.predictions for folder in folders]
    except InputError:
        return None
    first, report = predictions[0], reports[0]
    same = all(_of_same_pictures(first, other) for other in predictions) and all(
        (other.dataset_revision, other.split) == (report.dataset_revision, report.split) for other in reports
    )
    if not same or any(set(other.names) != set(labels) for other in predictions):
        return None
    columns = [[other.names.index(label) for label in labels] for other in predictions]
    together = np.mean([p.probabilities[:, order] for p, order in zip(predictions, columns, strict=True)], axis=0)
    truth = np.array([labels.index(name) for name in first.names])[first.labels]
    found = together.any(axis=1)  # rows of zeros: no face was found, and a collection has no row for it
    matrix = np.zeros((len(labels), len(labels)), int)
    np.add.at(matrix, (truth[found], together[found].argmax(axis=1)), 1)
    return Measured(
        dataset=short_title(report.dataset),
        split=report.split,
        images=int(found.sum()),
        matrix=tuple(tuple(row) for row in matrix.tolist()),
        confidence=float(together[found].max(axis=1).mean()),
    )


def _of_same_pictures(one: Predictions, other: Predictions) -> bool:
    return (
        np.array_equal(one.index, other.index)
        and np.array(one.names)[one.labels].tolist() == np.array(other.names)[other.labels].tolist()
    )
