"""Tables of picture paths and labels."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_hub.data.faults import NO_LABEL
from fer_hub.data.raw.pictures import picture_files
from fer_hub.data.raw.places import SEVERAL, Places
from fer_hub.data.raw.row import MISSING, UNLISTED, Row
from fer_hub.data.raw.table_columns import SEVERAL_LABELS, Layout, TableColumns, layout_of
from fer_hub.data.raw.tables import read_table
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.data.vocabulary.split_names import split_of, split_of_path


@dataclass(frozen=True)
class _Table:
    file: Path
    layout: Layout
    split: str | None
    """The split that the table's own name, or its folder, means."""


def table_rows(
    tables: list[Path],
    folder: Path,
    columns: TableColumns | None = None,
    meanings: LabelMeanings | None = None,
) -> Iterator[Row]:
    """Yield the lines of tables in and below a folder, and as left out the pictures there that none of them names.

    Paths start at the table's folder; where nothing lies there, the picture below `folder` is taken that shares most
    of the path's end. The split is what a column says, or else the name of the table or of its folder, or else the
    folders of the pictures, where these name two or more. Raises InputError.
    """
    meanings = meanings or LabelMeanings()
    opened = [
        _Table(
            file,
            layout_of(file, columns or TableColumns(), meanings),
            split_of(file.stem) or split_of_path(file.relative_to(folder)),
        )
        for file in tables
    ]
    counts = Counter(table.layout.label_of(cells) for table in opened for _, cells in read_table(table.file))
    unlabelled = {SEVERAL_LABELS: SEVERAL_LABELS, **({} if "" in meanings.mapping else {"": NO_LABEL})}
    labelled = {label: count for label, count in counts.items() if label not in unlabelled}
    expressions = meanings.of(labelled, " and ".join(file.name for file in tables))
    files = picture_files(folder)
    places = Places(files)
    by_folder = len(_splits_of_folders(opened, places)) > 1
    for table in opened:
        for _, cells in read_table(table.file):
            yield _row(table, cells, expressions, unlabelled, places, by_folder)
    for path in files.pictures:
        if path not in places.taken:
            yield Row(path, "", path.relative_to(folder).as_posix(), left_out=UNLISTED)
    yield from files.unused(*tables)


def _row(
    table: _Table,
    cells: Mapping[str, str],
    expressions: Mapping[str, str],
    unlabelled: Mapping[str, str],
    places: Places,
    by_folder: bool,
) -> Row:
    layout = table.layout
    written, label = cells[layout.image], layout.label_of(cells)
    split = layout.split_of(cells) or (None if layout.split else table.split)
    found = places.find(written, table.file.parent, split)
    if len(found) != 1:
        left_out = SEVERAL if found else MISSING
    else:
        places.taken.add(found[0])
        left_out = unlabelled.get(label) or ("" if expressions[label] else f"labelled {label}")
        if by_folder and not (layout.split or table.split):
            split = places.split(found[0])
    return Row(
        found[0] if len(found) == 1 else Path(written),
        expressions.get(label, ""),
        places.name(found[0]) if len(found) == 1 else written,
        group=cells[layout.group] if layout.group else "",
        split=split,
        further=layout.further(cells),
        left_out=left_out,
    )


def _splits_of_folders(tables: list[_Table], places: Places) -> set[str]:
    """The splits that the pictures' folders name, for tables that say none."""
    silent = [table for table in tables if not (table.layout.split or table.split)]
    found = (
        places.find(cells[table.layout.image], table.file.parent)
        for table in silent
        for _, cells in read_table(table.file)
    )
    return {split for paths in found if len(paths) == 1 and (split := places.split(paths[0]))}
