"""What a model answered for each picture of a split: predictions.parquet, beside its evaluation."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from fer_hub.errors import InputError, first_line
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE, new_file

MAX_VALUES = 8_000_000
"""Probabilities in all, such as seven for each of a million pictures. A thousand bytes can stand for more."""

MAX_UNPACKED_BYTES = 1 << 28


_PACKAGE = Path(__file__).resolve().parents[1]

_LOOK = """
import sys
from pyarrow.parquet import ParquetFile

metadata = ParquetFile(sys.argv[1]).metadata
for group in range(metadata.num_row_groups):
    for column in range(metadata.num_columns):
        metadata.row_group(group).column(column)
"""
_LOOK_SECONDS = 60


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
            if not file.resolve().is_relative_to(_PACKAGE):
                _look_apart(file)
            stored = pyarrow.parquet.ParquetFile(file, read_dictionary=["label"])
            _check_work(stored.metadata, len(names))
            table = stored.read(["index", "label", "probabilities"])
            table.validate(full=True)  # or a label could be a word that lies beyond the file's words
            index = table["index"].to_numpy().astype(np.int64)
            labels = _positions(table["label"], names)
            probabilities = _matrix(table["probabilities"], len(names))
        except (OSError, pyarrow.ArrowException, KeyError, ValueError, TypeError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{file} does not hold predictions for {', '.join(names)}: {first_line(error)}.") from None
        if len(index) == 0 or not np.isfinite(probabilities).all() or probabilities.min() < 0:
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
        correct: np.ndarray = self.named == self.labels
        return correct


def _look_apart(file: Path) -> None:
    """Raise ValueError where looking at a file's columns ends the process that does it.

    Arrow 26 does so where a column's histogram has not the length that it should have: a stranger's file must not end a
    demo.
    """
    command = [sys.executable, "-P", "-c", _LOOK, str(file)]
    if subprocess.run(command, capture_output=True, timeout=_LOOK_SECONDS).returncode < 0:
        raise ValueError("what it says of its columns is damaged")


def _check_work(metadata: pyarrow.parquet.FileMetaData, expressions: int) -> None:
    """Raise ValueError where a file would become far more in memory than predictions can be, before it is read."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    columns = [group.column(column) for group in groups for column in range(group.num_columns)]
    values = max(metadata.num_rows * expressions, sum(column.num_values for column in columns))
    if values > MAX_VALUES or sum(column.total_uncompressed_size for column in columns) > MAX_UNPACKED_BYTES:
        raise ValueError(f"it stands for {values:,} values, and at most {MAX_VALUES:,} are read")


def _positions(labels: pyarrow.ChunkedArray, names: Sequence[str]) -> np.ndarray:
    """A column of words as positions in `names`; each word is looked up once, however often it stands there."""
    encoded = labels if pyarrow.types.is_dictionary(labels.type) else labels.dictionary_encode()
    column = encoded.unify_dictionaries().combine_chunks()
    if column.null_count:
        raise ValueError("a label is missing")
    positions = np.array([names.index(word) for word in column.dictionary.to_pylist()], dtype=np.int64)
    found: np.ndarray = positions[column.indices.to_numpy()]
    return found


def _matrix(rows: pyarrow.ChunkedArray, columns: int) -> np.ndarray:
    """A column of lists of one length as a float64 matrix."""
    lengths = pyarrow.compute.list_value_length(rows).to_numpy()
    values = pyarrow.compute.list_flatten(rows).cast(pyarrow.float64())
    if not (lengths == columns).all() or values.null_count:
        raise ValueError(f"{columns} probabilities are expected in each row")
    matrix: np.ndarray = values.to_numpy().reshape(-1, columns)
    return matrix


def predictions_file(report: Path) -> Path:
    """What lies beside a report: predictions.parquet for evaluation.json, NAME.predictions.parquet for NAME.json."""
    return report.with_name(PREDICTIONS_FILE if report.name == EVALUATION_FILE else f"{report.stem}.{PREDICTIONS_FILE}")


def named(probabilities: np.ndarray) -> np.ndarray:
    """`(N,)` column of the highest of `(N, K)` probabilities, -1 in rows of zeros."""
    return np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), -1)
