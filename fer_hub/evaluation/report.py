"""EvaluationReport: evaluation.json of a model folder. Read without what it takes to make one."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from fer_hub import __version__
from fer_hub.errors import InputError, first_problem
from fer_hub.file_format import FORMAT_VERSION, refuse_newer
from fer_hub.files import replace_file

MAX_COUNT = 1_000_000_000
MAX_LABELS = 64
MAX_CONDITIONS = 64
"""Corruptions and strengths in `robustness`; fer_hub/evaluation/robustness.py has fewer."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class EvaluationReport:
    """How far to trust a model on one split of a dataset; evaluation.json of a model folder."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str
    dataset: str
    dataset_revision: str
    split: str
    images: Count
    labels: list[str]
    confusion_matrix: Annotated[list[list[Count]], Field(max_length=MAX_LABELS)]
    """Rows true, columns predicted, in `labels` order; its trace over `images` is `accuracy`."""
    accuracy: Share
    accuracy_ci95: Annotated[list[Share], Field(min_length=2, max_length=2)]
    """Percentile bootstrap over pictures."""
    balanced_accuracy: Share
    """Mean recall of the expressions that occur."""
    macro_f1: Share
    """Mean F1 of the expressions that occur."""
    per_class: Annotated[dict[str, dict[str, float]], Field(max_length=MAX_LABELS)]
    """Expression -> precision, recall, f1, support."""
    log_loss: float
    expected_calibration_error: Share
    temperature: float
    reliability: Annotated[list[dict[str, int | float]], Field(max_length=15)] | None = None
    """Mean confidence, accuracy and number of images of each of 15 equal-width bins of the top probability that
    holds any, least sure first."""
    robustness: Annotated[dict[str, Share], Field(max_length=MAX_CONDITIONS)] | None = None
    """Corruption and its strength, as "blur 2" -> accuracy on pictures changed so (see robustness.py)."""
    images_seen_in_training: Count | None = None
    """Pictures whose pixels also stand in the training split, where that is known."""
    accuracy_unseen: Share | None = None
    """Accuracy on the others."""
    images_without_face: Count | None = None
    """Where pictures went through the face detector: how many it found no face in. They count as wrong."""
    auxiliary: Annotated[dict[str, dict[str, int | float]], Field(max_length=MAX_LABELS)] | None = None
    """Further head of the network -> how far to trust it, and on how many images that was measured: accuracy of
    classes; concordance correlation (`ccc`, Lin 1989) and root mean square error (`rmse`, in its unit) of values."""
    format_version: int = FORMAT_VERSION
    written_by: str | None = __version__
    """The version of FER Hub, where it is known."""

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
    def from_json(cls, text: str | bytes, source: str = "this") -> "EvaluationReport":
        """Read an evaluation.json, which `source` names in the error.

        Raises InputError where it is not one, does not agree with itself, or is of a later version of FER Hub.
        """
        refuse_newer(text, source)
        try:
            TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            raise InputError(f"{source} is not an evaluation.json: {first_problem(error)}.") from None
        unversioned = {"format_version": 1, "written_by": None}
        report = cls(**unversioned | json.loads(text))  # with whole numbers as they are, where shares could stand too
        if wrong := _contradiction(report):
            raise InputError(f"{source} is not an evaluation.json: {wrong}.")
        return report


def _contradiction(report: EvaluationReport) -> str | None:
    """What cannot be true of a report whose types are right; None where all of it can."""
    if any(len(text) > 300 or re.search(r"[<>\x00-\x1f\x7f-\x9f]", text) for text in _strings(report.to_dict())):
        return "its text is too long, or holds control characters or angle brackets"
    if not 2 <= len(set(report.labels)) == len(report.labels) <= MAX_LABELS:
        return f"labels: 2 to {MAX_LABELS} different ones are expected"
    if set(report.per_class) != set(report.labels):
        return "per_class: a row for each label is expected"
    if any({"precision", "recall", "f1", "support"} != set(row) for row in report.per_class.values()):
        return "per_class: rows of precision, recall, f1 and support are expected"
    if not all(_are_shares(row, but="support") for row in report.per_class.values()):
        return "per_class: a number is out of its range"
    matrix, size = report.confusion_matrix, len(report.labels)
    if len(matrix) != size or any(len(row) != size or min(row) < 0 for row in matrix):
        return f"confusion_matrix: {size} rows of {size} counts are expected"
    if sum(map(sum, matrix)) + (report.images_without_face or 0) != report.images or report.images < 1:
        return "confusion_matrix: it does not add up to images"
    if abs(sum(matrix[k][k] for k in range(size)) / report.images - report.accuracy) > 1e-3:
        return "accuracy: it is not the trace of the confusion matrix over images"
    if not all(_is_further(row) for row in (report.auxiliary or {}).values()):
        return "auxiliary: rows of images with accuracy, 0 to 1, or with ccc, -1 to 1, and rmse are expected"
    if report.log_loss < 0 or not 0 < report.temperature <= 100:
        return "a number is out of its range"
    if any({"confidence", "accuracy", "images"} != set(bin) for bin in report.reliability or []):
        return "reliability: bins of confidence, accuracy and images are expected"
    if not all(_are_shares(bin, but="images") for bin in report.reliability or []):
        return "reliability: a number is out of its range"
    if report.accuracy_unseen is not None and report.images_seen_in_training is None:
        return "accuracy_unseen: images_seen_in_training is expected beside it"
    return None


def _is_further(row: dict[str, Any]) -> bool:
    """Whether a row is one of a head's results."""
    if set(row) == {"accuracy", "images"}:
        return _are_shares(row, but="images")
    return set(row) == {"ccc", "rmse", "images"} and -1 <= row["ccc"] <= 1 and row["rmse"] >= 0 <= row["images"]


def _are_shares(row: dict[str, Any], but: str) -> bool:
    """Whether all numbers of a row lie in 0-1, but for one that counts."""
    return all(0 <= value <= (MAX_COUNT if name == but else 1) for name, value in row.items())


def _strings(value: Any) -> list[str]:
    """All text in a JSON value, names included."""
    if isinstance(value, dict):
        return [*value, *(text for part in value.values() for text in _strings(part))]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []
