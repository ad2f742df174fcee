"""RAF-DB, single-label subset: the aligned faces with its list, with Kaggle's tables, or in numbered folders.

Its labels are counted from 1.
"""

from collections.abc import Iterator
from pathlib import Path

from fer_hub.data.raw.pictures import PictureFiles, picture_files, visible_files
from fer_hub.data.raw.row import MISSING, UNLISTED, Row
from fer_hub.data.raw.tables import line_error, read_lines, read_table
from fer_hub.data.sources.files import find_file, label_at
from fer_hub.data.sources.source import Source
from fer_hub.data.vocabulary.columns import LABEL_COLUMNS, PATH_COLUMNS, find_column
from fer_hub.data.vocabulary.split_names import split_of, split_of_path
from fer_hub.errors import InputError
from fer_hub.published_datasets import PUBLISHED_DATASETS

LABELS = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
LISTS = ("list_patition_label.txt", "list_partition_label.txt")
"""As it is published, and as it is spelt."""


def rows(raw: Path) -> Iterator[Row]:
    """Yield the faces of whichever form is there, with the published splits train and test."""
    if file := find_file(raw, *LISTS):
        yield from _listed(raw, [file], _list_entries(file))
        return
    tables = sorted(path for path in visible_files(raw) if path.suffix == ".csv" and split_of(path.stem))
    if tables:
        yield from _listed(raw, tables, (entry for table in tables for entry in _table_entries(table)))
    else:
        yield from _folder_rows(picture_files(raw))


Entry = tuple[str, str, str]
"""Name of the picture, label, split."""


def _listed(raw: Path, lists: list[Path], entries: Iterator[Entry]) -> Iterator[Row]:
    files = picture_files(raw)
    aligned = {path.name: path for path in files.pictures if "_aligned" in path.name}
    if not aligned:
        raise InputError(f"--raw {str(raw)!r} holds no aligned faces; unpack aligned.zip beside {lists[0].name}.")
    seen = set()
    for name, label, split in entries:
        name = name if "_aligned" in name else f"{Path(name).stem}_aligned.jpg"
        seen.add(name)
        picture = aligned.get(name)
        yield Row(picture or Path(name), label, name, split=split, left_out="" if picture else MISSING)
    for path in files.pictures:
        if path.name not in seen:
            reason = UNLISTED if "_aligned" in path.name else "not an aligned face"
            yield Row(path, "", path.relative_to(raw).as_posix(), left_out=reason)
    yield from files.unused(*lists)


def _list_entries(file: Path) -> Iterator[Entry]:
    for number, line in read_lines(file):
        cells = line.split()
        if len(cells) != 2:
            raise line_error(file, number, f"{len(cells)} columns; expected a name and a label")
        label, split = label_at(LABELS, cells[1], file, number, first=1), split_of(cells[0].split("_")[0])
        if split not in ("train", "test"):
            raise line_error(file, number, f"name {cells[0]!r}; expected train_... or test_...")
        yield cells[0], label, split


def _table_entries(table: Path) -> Iterator[Entry]:
    split = split_of(table.stem)
    assert split is not None
    for number, cells in read_table(table):
        image, column = (find_column(list(cells), known, table.name) for known in (PATH_COLUMNS, LABEL_COLUMNS))
        yield Path(cells[image]).name, label_at(LABELS, cells[column], table, number, first=1), split


def _folder_rows(files: PictureFiles) -> Iterator[Row]:
    for path in files.pictures:
        name, number = path.relative_to(files.folder), path.parent.name
        split = split_of_path(name)
        if split is None or not number.isdecimal() or not 1 <= int(number) <= len(LABELS):
            raise InputError(
                f"{name} is not where RAF-DB has its pictures; expected {LISTS[0]} and the aligned faces, or folders "
                "numbered 1 (surprise) to 7 (neutral), such as train/1/train_00001_aligned.jpg."
            )
        yield Row(path, LABELS[int(number) - 1], name.as_posix(), split=split)
    yield from files.unused()


RAFDB = Source(
    published=PUBLISHED_DATASETS["rafdb"],
    origin=(
        "Real-world Affective Faces Database, single-label subset, aligned faces (Li, Deng and Du, Reliable "
        "Crowdsourcing and Deep Locality-Preserving Learning for Expression Recognition in the Wild, CVPR 2017). Its "
        "published splits train and test are kept."
    ),
    rows=rows,
    crops=True,
)
