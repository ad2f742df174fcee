"""Anybody's own pictures, in whichever form they lie there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fer_hub.data.raw.class_folders import class_folder_rows
from fer_hub.data.raw.picture_tables import table_rows
from fer_hub.data.raw.pictures import NO_PICTURE, PICTURE_SUFFIXES, visible_files
from fer_hub.data.raw.row import Row
from fer_hub.data.raw.shards import shard_examples, split_of_shard
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.raw.tables import is_table
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import InputError

_DATASETS = (".parquet", ".arrow")
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


@dataclass(frozen=True)
class Reading:
    """What a user says of how their data is to be read."""

    meanings: LabelMeanings = field(default_factory=LabelMeanings)
    columns: TableColumns = field(default_factory=TableColumns)


def is_dataset(raw: Path) -> bool:
    """Whether the datasets library reads it: a file of its kinds, or a folder with parquet, Arrow or metadata files."""
    files = [raw] if raw.is_file() else visible_files(raw)
    return any(path.name in _METADATA or (path.suffix.lower() in _DATASETS and not is_table(path)) for path in files)


def own_rows(raw: Path, reading: Reading) -> Iterator[Row]:
    """Yield the pictures of a table or of several, of WebDataset shards, or of class-named folders.

    Raises InputError for what is none of these.
    """
    if tables := _tables(raw):
        return table_rows(tables, raw if raw.is_dir() else raw.parent, reading.columns, reading.meanings)
    if reading.columns != TableColumns():
        raise InputError(
            f"{raw} holds no table, so that no column can be named; leave --image-column and the like out."
        )
    shards = [raw] if raw.is_file() else sorted(path for path in visible_files(raw) if path.suffix == ".tar")
    if raw.is_file() and raw.suffix.lower() != ".tar":
        raise InputError(
            f"{raw.name} is a file of no known kind; give a folder of pictures (unpacked, if this is an archive), or a "
            "CSV, JSON, parquet or WebDataset file."
        )
    if shards and not any(path.suffix.lower() in PICTURE_SUFFIXES for path in visible_files(raw)):
        return _shard_rows(raw if raw.is_dir() else raw.parent, shards, reading.meanings)
    return class_folder_rows(raw, reading.meanings)


def _tables(raw: Path) -> list[Path]:
    """The tables to read: `raw` itself, the only one in it, or several that a split names each, or its folder."""
    if raw.is_file():
        return [raw] if is_table(raw) or raw.suffix.lower() in (".txt", ".json") else []
    found = sorted(path for path in raw.glob("*") if is_table(path))
    if not found:
        found = sorted(path for path in raw.glob("*/*") if split_of(path.parent.name) and is_table(path))
        return found if len({path.parent for path in found}) == len(found) else []
    if len(found) > 1 and not all(split_of(path.stem) for path in found):
        raise InputError(
            f"{raw} holds several tables, and not each is named by a split, such as train.csv; give the one to read: "
            f"--raw {found[0]}."
        )
    return found


def _shard_rows(folder: Path, shards: list[Path], meanings: LabelMeanings) -> Iterator[Row]:
    counts: Counter[str] = Counter()
    for shard in shards:
        counts.update(label for _, _, label in shard_examples(shard) if label is not None)
    expressions = meanings.of(counts, f"the shards of {folder.name}")
    for shard in shards:
        split = split_of_shard(shard, folder)
        for name, picture, label in shard_examples(shard):
            if label is None or picture is None:
                left_out = "no label" if picture else NO_PICTURE
            else:
                left_out = "" if expressions[label] else f"labelled {label}"
            expression = expressions.get(label or "", "")
            yield Row(picture or b"", expression, f"{shard.name} {name}", split=split, left_out=left_out)
