"""Parts -> the tables of a collection: shards of faces and of items, one part in memory at a time."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_hub.annotate.schema import ITEMS, faces_schema
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.tables.people import follow_people
from fer_hub.annotate.tables.tally import Tally
from fer_hub.annotate.work import group_of
from fer_hub.data.preparation.shard_writer import ShardWriter

GROUP_BYTES = 32_000_000
"""Rows of this size make a row group of a shard."""


def write_tables(parts: Iterable[Path], settings: Settings, folder: Path) -> Tally:
    """Write `folder/faces/*.parquet` and `folder/items/*.parquet`, and return what was counted meanwhile."""
    tally = Tally(settings.labels)
    faces = _Table(folder, "faces", faces_schema(settings))
    items = _Table(folder, "items", ITEMS)
    for _, files in groupby(parts, group_of):
        looks = pa.concat_tables(map(pq.read_table, files))
        video = looks["kind"][0].as_py() == "video"
        people = follow_people(looks.filter(pc.is_null(looks["problem"]))) if video else []
        faces.write(_faces(looks, people, settings))
        items.write(_video_item(looks) if video else _photo_items(looks))
        tally.add(looks, video, max((person for person in people if person), default=0))
    faces.close()
    items.close()
    return tally


def _faces(looks: pa.Table, people: list[int | None], settings: Settings) -> pa.Table:
    """The rows of the faces table for the faces of some pictures."""
    found = looks["faces"].combine_chunks()
    picture = pc.list_parent_indices(found)
    face = pa.Table.from_struct_array(found.flatten())
    columns = {
        **{name: looks[name].take(picture) for name in ("source", "frame", "seconds")},
        **{name: face[name] for name in face.column_names},
        "person": pa.array(people or [None] * len(face), pa.int32()),
        "model": pa.repeat(settings.model, len(face)),
        "commit": pa.repeat(settings.commit, len(face)),
        "versions": pa.repeat(", ".join(f"{name} {is_}" for name, is_ in settings.versions.items()), len(face)),
    }
    schema = faces_schema(settings)
    return pa.table({name: columns[name] for name in schema.names}, schema)


def _photo_items(looks: pa.Table) -> pa.Table:
    """The rows of the items table for photos."""
    count = len(looks)
    columns = {
        **{name: looks[name] for name in ("source", "kind", "width", "height", "problem")},
        "seconds": pa.nulls(count, pa.float64()),
        "looks": pc.is_null(looks["problem"]).cast(pa.int32()),
        "faces": pc.list_value_length(looks["faces"]),
    }
    return pa.table({name: columns[name] for name in ITEMS.names}, ITEMS)


def _video_item(looks: pa.Table) -> pa.Table:
    """The row of the items table for a video: what could be read of it, and what became of the rest."""
    row = {name: pc.max(looks[name]).as_py() for name in ("source", "kind", "width", "height", "seconds")}
    problems = looks["problem"].drop_null()
    row |= {
        "looks": len(looks) - len(problems),
        "faces": pc.sum(pc.list_value_length(looks["faces"])).as_py(),
        "problem": problems[0].as_py() if len(problems) else None,
    }
    return pa.Table.from_pylist([row], ITEMS)


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
