"""Parts -> the parquet shards of a dataset, one row group in memory at a time."""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
from tqdm import tqdm

from fer_hub.data.further import values_of
from fer_hub.data.preparation.parts import read_part
from fer_hub.data.preparation.shard_writer import ShardWriter
from fer_hub.data.preparation.splits.selection import Selection
from fer_hub.data.vocabulary.split_names import SPLITS

_OURS = ("image", "label", "votes", "group", "source", "duplicate")


def dataset_features(labels: tuple[str, ...], votes: bool, further: Mapping[str, str]) -> datasets.Features:
    """The columns of a prepared dataset; `further` ones with their types."""
    return datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(labels)),
            **({"votes": datasets.List(datasets.Value("uint8"))} if votes else {}),
            **{name: datasets.Value(kind or "string") for name, kind in further.items()},
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
    types = {name: feature.dtype for name, feature in features.items() if name not in _OURS}
    further = [values_of(json.loads(text), types) for text in table["further"].to_pylist()]
    columns = {
        "image": pa.StructArray.from_arrays([images, pa.nulls(len(table), pa.string())], ["bytes", "path"]),
        "label": pa.array([names.index(label) if label else None for label in table["label"].to_pylist()], pa.int64()),
        "votes": table["votes"].combine_chunks(),
        "source": pa.StructArray.from_arrays(
            [table["file"].combine_chunks(), table["box"].combine_chunks()], ["file", "box"]
        ),
        **{name: pa.array(values.tolist(), pa.string()) for name, values in extra.items()},
        **{name: pa.array([values[name] for values in further]) for name in types},
    }
    return pa.table({name: columns[name] for name in features}).cast(features.arrow_schema)
