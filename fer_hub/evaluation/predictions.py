"""What a model answered for each picture of a split: predictions.parquet, beside its evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from fer_hub.errors import InputError, first_line
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE, new_file

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

    @classmethod
    def load(cls, file: Path, names: Sequence[str]) -> "Predictions":
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
            raise InputError(f"{file} does not hold predictions for {', '.join(names)}: {first_line(error)}.") from None
        whole = probabilities.shape == (len(labels), len(names)) and np.isfinite(probabilities).all()
        if not whole or len(labels) == 0 or probabilities.min() < 0:
            raise InputError(f"{file} needs {len(names)} probabilities for each of its {len(labels)} pictures.")
        return cls(tuple(names), index, labels, probabilities)

    def save(self, file: Path) -> None:
        """Write a predictions.parquet, moved into place when it is whole."""
        table = pyarrow.table(
            {
                "index": pyarrow.array(self.index.tolist(), pyarrow.int64()),
                "label": pyarrow.array([self.names[label] for label in self.labels], pyarrow.string()),
                "probabilities": pyarrow.array(
                    self.probabilities.tolist(), pyarrow.list_(pyarrow.float32(), len(self.names))
                ),
            }
        )
        with new_file(file) as unfinished:
            pyarrow.parquet.write_table(table, unfinished)

    @property
    def named(self) -> np.ndarray:
        """`(N,)` what the model named: positions in `names`, -1 where it found no face."""
        return named(self.probabilities)

    @property
    def correct(self) -> np.ndarray:
        """`(N,)` bool, whether it named the label."""
        return self.named == self.labels


def predictions_file(report: Path) -> Path:
    """What lies beside a report: predictions.parquet for evaluation.json, NAME.predictions.parquet for NAME.json."""
    return report.with_name(PREDICTIONS_FILE if report.name == EVALUATION_FILE else f"{report.stem}.{PREDICTIONS_FILE}")


def named(probabilities: np.ndarray) -> np.ndarray:
    """`(N,)` column of the highest of `(N, K)` probabilities, -1 in rows of zeros."""
    return np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), -1)
