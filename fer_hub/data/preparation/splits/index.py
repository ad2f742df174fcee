"""What is known of every face without its picture, read from the parts: small enough for memory at any size."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_hub.data.preparation.splits.duplicates import HASH_SIDE
from fer_hub.errors import InputError

_COLUMNS = ("label", "group", "file", "split", "cut", "content")


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
    """Read what is known of the faces in some parts. Raises InputError where all of them are left out."""
    table = pa.concat_tables(pq.read_table(part, columns=[*_COLUMNS, "look", "left_out"]) for part in parts)
    kept = table.filter(pc.equal(table["left_out"], ""))
    left_out = table.filter(pc.not_equal(table["left_out"], ""))
    if not len(kept):
        file, reason = left_out["file"][0].as_py(), left_out["left_out"][0].as_py()
        raise InputError(f"no picture can be used; the first, {file}: {reason}")
    columns = {name: np.array(kept[name].to_pylist(), dtype=object) for name in _COLUMNS}
    return Index(
        **{**columns, "group": np.where(columns["group"] == "", columns["file"], columns["group"])},
        alone=columns["group"] == "",
        look=np.frombuffer(b"".join(kept["look"].to_pylist()), np.uint8).reshape(len(kept), HASH_SIDE**2 // 8),
        left_out=list(zip(left_out["file"].to_pylist(), left_out["left_out"].to_pylist(), strict=True)),
    )
