"""What a model answered for each picture of a split: predictions.parquet, beside its evaluation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE

_MAX_PICTURES = 5_000_000


@dataclass(frozen=True)
class Predictions:
    """Labels and probabilities, row by row."""

    names: tuple[str, ...]
    """The K expressions."""
    index: np.ndarray
    """`(N,)` position of each picture in the dataset's split."""
    labels: np.ndarray
    """`(N,)` what each picture is labelled as: positions in `names`."""
    probabilities: np.ndarray
    """`(N, K)`, columns in `names` order; rows sum to 1, or are 0 where no face was found."""

    @property
    def named(self) -> np.ndarray:
        """`(N,)` what the model named: positions in `names`, -1 where it found no face."""
        return named(self.probabilities)

    @property
    def correct(self) -> np.ndarray:
        """`(N,)` bool, whether it named the label."""
        return self.named == self.labels


def named(probabilities: np.ndarray) -> np.ndarray:
    """`(N,)` column of the highest of `(N, K)` probabilities, -1 in rows of zeros."""
    return np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), -1)


def read_predictions(file: Path, names: list[str] | tuple[str, ...]) -> Predictions:
    """Read a predictions.parquet whose report names these labels. Raises InputError where they do not fit."""
    try:
        stored = pyarrow.parquet.ParquetFile(file)
        if stored.metadata.num_rows > _MAX_PICTURES:
            raise InputError(f"{file} has {stored.metadata.num_rows:,} rows; at most {_MAX_PICTURES:,} are read.")
        table = stored.read(["index", "label", "probabilities"])
        index, words = table["index"].to_numpy().astype(np.int64), table["label"].to_pylist()
        probabilities = np.array(table["probabilities"].to_pylist(), dtype=np.float64)
        labels = np.array([names.index(word) for word in words])
    except (OSError, pyarrow.ArrowException, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{file} does not hold predictions for {', '.join(names)}: {reason}.") from None
    whole = probabilities.shape == (len(labels), len(names)) and np.isfinite(probabilities).all()
    if not whole or len(labels) == 0 or probabilities.min() < 0:
        raise InputError(f"{file} needs {len(names)} probabilities for each of its {len(labels)} pictures.")
    return Predictions(tuple(names), index, labels, probabilities)


def write_evaluation(
    file: Path, report: EvaluationReport, index: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> None:
    """Write a report, and beside it the predictions it was computed from: predictions.parquet for evaluation.json,
    NAME.predictions.parquet for NAME.json."""
    predictions = PREDICTIONS_FILE if file.name == EVALUATION_FILE else f"{file.stem}.{PREDICTIONS_FILE}"
    file.write_text(report.to_json(), encoding="utf-8")
    table = pyarrow.table(
        {
            "index": pyarrow.array(index.tolist(), pyarrow.int64()),
            "label": pyarrow.array([report.labels[label] for label in labels], pyarrow.string()),
            "probabilities": pyarrow.array(
                probabilities.tolist(), pyarrow.list_(pyarrow.float32(), len(report.labels))
            ),
        }
    )
    pyarrow.parquet.write_table(table, file.with_name(predictions))
