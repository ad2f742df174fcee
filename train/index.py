"""What is known of every face without its picture, read from the parts: small enough for memory at any size."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

_COLUMNS = ("label", "group", "file", "split", "cut", "content", "look", "left_out")


@dataclass(frozen=True)
class Index:
    """The faces of the parts in their order, those left out apart."""

    label: np.ndarray
    """`(N,)` words."""
    group: np.ndarray
    """`(N,)` names of groups; the file's name where no group is known."""
    alone: np.ndarray
    """`(N,)` whether no group is known."""
    file: np.ndarray
    split: np.ndarray
    """`(N,)` published splits; None throughout where there are none."""
    cut: np.ndarray
    content: np.ndarray
    """`(N,)` digests of the pixels."""
    look: np.ndarray
    """`(N, 32)` uint8, perceptual hashes."""
    left_out: list[tuple[str, str]]
    """File and reason of each row that did not become a face."""

    def __len__(self) -> int:
        return len(self.label)


def read_index(parts: list[Path]) -> Index:
    """Read what is known of the faces in some parts."""
    rows = [row for part in parts for row in pq.read_table(part, columns=list(_COLUMNS)).to_pylist()]
    kept = [row for row in rows if not row["left_out"]]
    columns = {name: np.array([row[name] for row in kept], dtype=object) for name in _COLUMNS[:-2]}
    return Index(
        **{**columns, "group": np.where(columns["group"] == "", columns["file"], columns["group"])},
        alone=columns["group"] == "",
        look=np.frombuffer(b"".join(row["look"] for row in kept), np.uint8).reshape(len(kept), -1),
        left_out=[(row["file"], row["left_out"]) for row in rows if row["left_out"]],
    )
