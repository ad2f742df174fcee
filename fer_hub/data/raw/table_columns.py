"""Which columns of a table say what: the picture, its label, its split and what it shares with others."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from fer_hub.data.raw.pictures import PICTURE_SUFFIXES
from fer_hub.data.raw.tables import read_table
from fer_hub.data.vocabulary.columns import (
    GROUP_COLUMNS,
    LABEL_COLUMNS,
    PATH_COLUMNS,
    SPLIT_COLUMNS,
    find_column,
    named,
)
from fer_hub.data.vocabulary.labels import LabelMeanings, whole_number
from fer_hub.data.vocabulary.split_names import check_split_words, split_column, split_of
from fer_hub.errors import InputError

SEVERAL_LABELS = "several labels"

_MANY = 50
"""More different cells than this in a column are not looked at: they are neither splits nor yes and no."""

_MARKED, _NOT_MARKED = {"1", "1.0", "true"}, {"0", "0.0", "false", ""}


@dataclass(frozen=True)
class TableColumns:
    """What a user says of a table's columns; those that are not given are found by the names people give them."""

    image: str | None = None
    label: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Layout:
    """The columns of one table."""

    image: str
    label: str | None
    """None where each label has a column of its own."""
    marks: tuple[str, ...]
    """The columns that are named by labels, and say with 1 or 0 whether the picture shows it."""
    split: str | None
    group: str | None

    def label_of(self, cells: Mapping[str, str]) -> str:
        """The label of a row as it is written; empty for none, `SEVERAL_LABELS` where several columns are marked."""
        if self.label is not None:
            return cells[self.label]
        marked = [name for name in self.marks if cells[name].lower() in _MARKED]
        return SEVERAL_LABELS if len(marked) > 1 else "".join(marked)

    def split_of(self, cells: Mapping[str, str]) -> str | None:
        """The split that a row's cell means; None without a column of splits."""
        return split_of(cells[self.split]) if self.split else None

    def further(self, cells: Mapping[str, str]) -> dict[str, str]:
        """What the other columns say."""
        ours = (self.image, self.label, self.split, *self.marks)
        return {name: cell for name, cell in cells.items() if name not in ours}


def layout_of(file: Path, said: TableColumns, meanings: LabelMeanings) -> Layout:
    """Find the columns of a table, read through once. Raises InputError for those that are not there."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for _, cells in read_table(file):
        for name, cell in cells.items():
            if cell in values[name] or len(values[name]) <= _MANY:
                values[name][cell] += 1
    if not values:
        raise InputError(f"{file.name} has no rows; expected a path and a label in each.")
    known = list(values)
    if "pixels" in map(str.lower, known):
        raise InputError(
            f"{file.name} holds pixels, as FER-2013's tables do; prepare it as fer2013, not as folder "
            f"(train/prepare_data.py fer2013 --raw {file})."
        )
    for flag, column in (("image", said.image), ("label", said.label), ("split", said.split)):
        if column and column not in known:
            raise InputError(f"--{flag}-column {column!r}: {file.name} has only {', '.join(known)}.")
    if any(PurePath(name).suffix.lower() in PICTURE_SUFFIXES for name in known):
        raise InputError(
            f"the first line of {file.name} should name its columns, and is {', '.join(known)}; write a line such as "
            "path,label above it."
        )
    image = said.image or find_column(known, PATH_COLUMNS, file.name, "--image-column")
    label = said.label or _label_column(values, meanings)
    marks = () if label else tuple(name for name in known if _marks_label(name, values[name], meanings))
    if len(marks) < 2:
        marks, label = (), label or find_column(known, LABEL_COLUMNS, file.name, "--label-column")
    others = {name: cells for name, cells in values.items() if name not in (image, label, *marks)}
    split = said.split or named(known, SPLIT_COLUMNS) or split_column(others, file.name)
    if split:
        check_split_words(values[split], split, file.name)
    return Layout(image, label, marks, split, named(known, GROUP_COLUMNS))


def _label_column(values: Mapping[str, Mapping[str, int]], meanings: LabelMeanings) -> str | None:
    """The column that bears a name of labels; of several, one of words, unless somebody says what numbers mean."""
    found = [column for name in LABEL_COLUMNS if (column := named(list(values), (name,)))]
    said = meanings.names or meanings.mapping
    words = [column for column in found if said or not all(whole_number(cell) is not None for cell in values[column])]
    return next(iter((*words, *found)), None)


def _marks_label(name: str, cells: Mapping[str, int], meanings: LabelMeanings) -> bool:
    """Whether a column is named by a label and holds nothing but 1 and 0."""
    return meanings.word(name) is not None and {cell.lower() for cell in cells} <= _MARKED | _NOT_MARKED
