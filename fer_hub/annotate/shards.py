"""Parts -> the tables of a collection: shards of faces and of items, one part in memory at a time."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_hub.annotate.schema import ITEMS, faces_schema
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.tally import Tally
from fer_hub.data.preparation.shard_writer import ShardWriter

GROUP_BYTES = 32_000_000
"""Rows of this size make a row group of a shard."""


def write_tables(parts: Iterable[Path], settings: Settings, folder: Path) -> Tally:
    """Write `folder/faces/*.parquet` and `folder/items/*.parquet`, and return what was counted meanwhile."""
    tally = Tally(settings.labels)
    faces = _Table(folder, "faces", faces_schema(settings))
    items = _Table(folder, "items", ITEMS)
    for looks in map(pq.read_table, parts):
        faces.write(_faces(looks, settings))
        items.write(_photo_items(looks))
        tally.add(looks, video=False)
    faces.close()
    items.close()
    return tally


def _faces(looks: pa.Table, settings: Settings) -> pa.Table:
    """The rows of the faces table for the faces of some pictures."""
    found = looks["faces"].combine_chunks()
    picture = pc.list_parent_indices(found)
    face = pa.Table.from_struct_array(found.flatten())
    count = len(face)
    columns = {
        **{name: looks[name].take(picture) for name in ("source", "frame", "seconds")},
        **{name: face[name] for name in face.column_names},
        "person": pa.nulls(count, pa.int32()),
        "model": pa.repeat(settings.model, count),
        "commit": pa.repeat(settings.commit, count),
        "versions": pa.repeat(", ".join(f"{name} {version}" for name, version in settings.versions.items()), count),
    }
    schema = faces_schema(settings)
    return pa.table({name: columns[name] for name in schema.names}, schema)


def _photo_items(looks: pa.Table) -> pa.Table:
    """The rows of the items table for photos."""
    count = len(looks)
    columns = {
        **{name: looks[name] for name in ("source", "width", "height", "problem")},
        "kind": pa.repeat("photo", count),
        "seconds": pa.nulls(count, pa.float64()),
        "looks": pc.is_null(looks["problem"]).cast(pa.int32()),
        "faces": pc.list_value_length(looks["faces"]),
    }
    return pa.table({name: columns[name] for name in ITEMS.names}, ITEMS)


class _Table:
    """Shards with row groups of a good size, whatever the size of what is written."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        (folder / name).mkdir(parents=True)
        self.shards = ShardWriter(folder / name, name, schema)
        self.schema = schema
        self.waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        self.waiting.append(table)
        if sum(part.nbytes for part in self.waiting) >= GROUP_BYTES:
            self._write_waiting()

    def close(self) -> None:
        self._write_waiting()
        self.shards.close()

    def _write_waiting(self) -> None:
        table = pa.concat_tables(self.waiting) if self.waiting else self.schema.empty_table()
        self.shards.write(table.replace_schema_metadata(self.schema.metadata))
        self.waiting = []
