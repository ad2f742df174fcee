"""EvaluationReport: evaluation.json of a model folder. Read without what it takes to make one."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from fer_hub.errors import InputError


@dataclass(frozen=True)
class EvaluationReport:
    """How far to trust a model on one split of a dataset; evaluation.json of a model folder."""

    model: str
    dataset: str
    dataset_revision: str
    split: str
    images: int
    labels: list[str]
    confusion_matrix: list[list[int]]
    """Rows true, columns predicted, in `labels` order; its trace over `images` is `accuracy`."""
    accuracy: float
    accuracy_ci95: list[float]
    """Percentile bootstrap over pictures."""
    balanced_accuracy: float
    """Mean recall of the expressions that occur."""
    macro_f1: float
    """Mean F1 of the expressions that occur."""
    per_class: dict[str, dict[str, float]]
    """Expression -> precision, recall, f1, support."""
    log_loss: float
    expected_calibration_error: float
    temperature: float
    reliability: list[dict[str, int | float]] | None = None
    """Mean confidence, accuracy and number of images of each of 15 equal-width bins of the top probability that
    holds any, least sure first."""
    robustness: dict[str, float] | None = None
    """Corruption and its strength, as "blur 2" -> accuracy on pictures changed so (see fer_hub/robustness.py)."""
    images_seen_in_training: int | None = None
    """Pictures whose pixels also stand in the training split, where that is known."""
    accuracy_unseen: float | None = None
    """Accuracy on the others."""
    images_without_face: int | None = None
    """Where pictures went through the face finder: how many it found no face in. They count as wrong."""

    def most_confused(self, count: int = 5) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: what the pictures are labelled as, what the model named, how many."""
        matrix = self.confusion_matrix
        mistakes = [
            (true, named, matrix[row][column])
            for row, true in enumerate(self.labels)
            for column, named in enumerate(self.labels)
            if row != column and matrix[row][column] > 0
        ]
        return sorted(mistakes, key=lambda mistake: -mistake[2])[:count]

    def to_dict(self) -> dict[str, Any]:
        """What is known, JSON-ready."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "EvaluationReport":
        """Read an evaluation.json. Raises InputError where it is not one."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise InputError(f"this is not an evaluation.json: {error}.") from None
