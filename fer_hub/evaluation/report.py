"""EvaluationReport: evaluation.json of a model folder. Read without what it takes to make one."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from fer_hub.errors import InputError, plain
from fer_hub.files import replace_file


@dataclass(frozen=True)
class EvaluationReport:
    """How far to trust a model on one split of a dataset; evaluation.json of a model folder."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

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
    """Corruption and its strength, as "blur 2" -> accuracy on pictures changed so (see robustness.py)."""
    images_seen_in_training: int | None = None
    """Pictures whose pixels also stand in the training split, where that is known."""
    accuracy_unseen: float | None = None
    """Accuracy on the others."""
    images_without_face: int | None = None
    """Where pictures went through the face detector: how many it found no face in. They count as wrong."""

    @property
    def commonest_share(self) -> float:
        """The accuracy of always naming the commonest expression."""
        return max(row["support"] for row in self.per_class.values()) / self.images

    @property
    def is_worse_than_commonest(self) -> bool:
        """Whether always naming the commonest expression would be right more often."""
        return self.accuracy < self.commonest_share

    def robustness_by_corruption(self) -> dict[str, dict[str, float]]:
        """Corruption -> strength -> accuracy; empty where it was not measured."""
        found: dict[str, dict[str, float]] = {}
        for condition, accuracy in (self.robustness or {}).items():
            corruption, _, strength = condition.rpartition(" ")
            found.setdefault(corruption, {})[strength] = accuracy
        return found

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

    def save(self, file: Path) -> None:
        """Write it as JSON, moved into place when it is whole."""
        replace_file(file, self.to_json().encode())

    @classmethod
    def from_json(cls, text: str | bytes) -> "EvaluationReport":
        """Read an evaluation.json. Raises InputError where it is not one, or does not agree with itself."""
        try:
            TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "file"
            raise InputError(f"this is not an evaluation.json: {plain(where)}: {first['msg']}.") from None
        report = cls(**json.loads(text))  # with whole numbers as they are, where shares could stand too
        if wrong := _contradiction(report):
            raise InputError(f"this is not an evaluation.json: {wrong}.")
        return report


def _contradiction(report: EvaluationReport) -> str | None:
    """What cannot be true of a report whose types are right; None where all of it can."""
    if any(len(text) > 300 or re.search(r"[<>\x00-\x1f\x7f-\x9f]", text) for text in _strings(report.to_dict())):
        return "its text is too long, or holds control characters or angle brackets"
    if not 2 <= len(set(report.labels)) == len(report.labels) <= 64:
        return "labels: 2 to 64 different ones are expected"
    if set(report.per_class) != set(report.labels):
        return "per_class: a row for each label is expected"
    if any({"precision", "recall", "f1", "support"} != set(row) for row in report.per_class.values()):
        return "per_class: rows of precision, recall, f1 and support are expected"
    matrix, size = report.confusion_matrix, len(report.labels)
    if len(matrix) != size or any(len(row) != size or min(row) < 0 for row in matrix):
        return f"confusion_matrix: {size} rows of {size} counts are expected"
    if sum(map(sum, matrix)) + (report.images_without_face or 0) != report.images or report.images < 1:
        return "confusion_matrix: it does not add up to images"
    if abs(sum(matrix[k][k] for k in range(size)) / report.images - report.accuracy) > 1e-3:
        return "accuracy: it is not the trace of the confusion matrix over images"
    if len(report.accuracy_ci95) != 2:
        return "accuracy_ci95: two numbers are expected"
    shares = [report.accuracy, *report.accuracy_ci95, report.balanced_accuracy, report.macro_f1]
    shares += [report.expected_calibration_error, report.accuracy_unseen or 0]
    if not all(0 <= share <= 1 for share in shares) or report.log_loss < 0 or not 0 < report.temperature <= 100:
        return "a number is out of its range"
    return None


def _strings(value: Any) -> list[str]:
    """All text in a JSON value, names included."""
    if isinstance(value, dict):
        return [*value, *(text for part in value.values() for text in _strings(part))]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []
