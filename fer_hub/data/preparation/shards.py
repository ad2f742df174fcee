"""Parts -> the parquet shards of a dataset, one row group in memory at a time."""

from itertools import chain
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from fer_hub.data.preparation.parts import read_part
from fer_hub.data.preparation.selection import Selection
from fer_hub.data.sources.row import SPLITS

SHARD_BYTES = 300_000_000
"""A shard is closed once its pictures have this size: what the Hub's viewer and several readers like."""


def dataset_features(labels: tuple[str, ...], votes: bool) -> datasets.Features:
    """The columns of a prepared dataset."""
    return datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(labels)),
            **({"votes": datasets.List(datasets.Value("uint8"))} if votes else {}),
            "group": datasets.Value("string"),
            "source": {"file": datasets.Value("string"), "box": datasets.List(datasets.Value("int32"))},
            "duplicate": datasets.Value("string"),
        }
    )


def write_shards(parts: list[Path], selection: Selection, features: datasets.Features, folder: Path) -> None:
    """Write `folder/data/SPLIT-*.parquet` from the kept faces of some parts."""
    (folder / "data").mkdir(parents=True)
    writers = {name: ShardWriter(folder / "data", name, features.arrow_schema) for name in SPLITS}
    start = 0
    progress = tqdm(parts, "writing shards", unit="part", leave=False)
    for table in chain.from_iterable(map(read_part, progress)):
        rows = slice(start, start := start + len(table))
        for name, writer in writers.items():
            taken = np.flatnonzero(selection.kept[rows] & (selection.split[rows] == name))
            if len(taken):
                extra = {"group": selection.group[rows][taken], "duplicate": selection.duplicate[rows][taken]}
                writer.write(_dataset_table(table.take(taken), extra, features))
    for writer in writers.values():
        writer.close()


def _dataset_table(table: pa.Table, extra: dict[str, np.ndarray], features: datasets.Features) -> pa.Table:
    """Rows of a part in the form of the dataset."""
    images, names = table["image"].combine_chunks(), features["label"].names
    columns = {
        "image": pa.StructArray.from_arrays([images, pa.nulls(len(table), pa.string())], ["bytes", "path"]),
        "label": pa.array([names.index(label) if label else None for label in table["label"].to_pylist()], pa.int64()),
        "votes": table["votes"].combine_chunks(),
        "source": pa.StructArray.from_arrays(
            [table["file"].combine_chunks(), table["box"].combine_chunks()], ["file", "box"]
        ),
        **{name: pa.array(values.tolist(), pa.string()) for name, values in extra.items()},
    }
    return pa.table({name: columns[name] for name in features}).cast(features.arrow_schema)


def shown_as_pictures(schema: pa.Schema, column: str) -> pa.Schema:
    """The schema with a note for the datasets library that a column of `{bytes, path}` holds pictures."""
    features = datasets.Features.from_arrow_schema(schema)
    features[column] = datasets.Image()
    return schema.with_metadata(features.arrow_schema.metadata)


class ShardWriter:
    """Writes the shards of one table, and names them once their number is known: `NAME-00000-of-00012.parquet`."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self.folder, self.name, self.schema = folder, name, schema
        self.files: list[Path] = []
        self.open: pq.ParquetWriter | None = None
        self.size = 0

    def write(self, table: pa.Table) -> None:
        if self.open is None:
            self.files.append(self.folder / f"{self.name}-{len(self.files):05d}.parquet")
            self.open, self.size = pq.ParquetWriter(self.files[-1], self.schema), 0
        self.open.write_table(table)
        self.size += table.nbytes
        if self.size >= SHARD_BYTES:
            self._close_shard()

    def close(self) -> None:
        self._close_shard()
        for number, file in enumerate(self.files):
            file.rename(self.folder / f"{self.name}-{number:05d}-of-{len(self.files):05d}.parquet")

    def _close_shard(self) -> None:
        if self.open is not None:
            self.open.close()
            self.open = None
