"""A table of picture paths and labels: CSV with commas, semicolons, tabs or bars."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fer_hub.data.raw.pictures import PictureFiles, picture_files
from fer_hub.data.raw.row import MISSING, UNLISTED, Row
from fer_hub.data.raw.tables import line_error, read_table
from fer_hub.data.vocabulary.columns import (
    GROUP_COLUMNS,
    LABEL_COLUMNS,
    PATH_COLUMNS,
    SPLIT_COLUMNS,
    find_column,
    named,
)
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import InputError


@dataclass(frozen=True)
class TableColumns:
    """What a user says of a table's columns; those that are not given are found by the names people give them."""

    image: str | None = None
    label: str | None = None
    split: str | None = None


def table_rows(
    tables: list[Path], columns: TableColumns | None = None, meanings: LabelMeanings | None = None
) -> Iterator[Row]:
    """Yield the lines of tables that lie in one folder, and as left out the pictures there that none of them names.

    Paths start at the folder; where nothing lies there, the picture below it is taken that shares most of the path's
    end. A table without a column for splits is of the split that its own name means. Raises InputError.
    """
    columns, meanings = columns or TableColumns(), meanings or LabelMeanings()
    opened = [_Table(file, columns) for file in tables]
    counts: Counter[str] = Counter()
    for table in opened:
        counts.update(cells[table.label] for _, cells in read_table(table.file))
    expressions = meanings.of(counts, " and ".join(file.name for file in tables))
    files = picture_files(tables[0].parent)
    places = _Places(files)
    for table in opened:
        yield from table.rows(expressions, places)
    for path in files.pictures:
        if path not in places.taken:
            yield Row(path, "", path.relative_to(files.folder).as_posix(), left_out=UNLISTED)
    yield from files.unused(*tables)


class _Table:
    """One of the tables."""

    def __init__(self, file: Path, columns: TableColumns) -> None:
        self.file = file
        _, first = next(read_table(file), (0, {}))
        if not first:
            raise InputError(f"{file.name} has no rows; expected a path and a label in each.")
        known = list(first)
        if "pixels" in map(str.lower, known):
            raise InputError(
                f"{file.name} holds pixels, as FER-2013's tables do; prepare it as fer2013, not as folder."
            )
        for flag, column in (("image", columns.image), ("label", columns.label), ("split", columns.split)):
            if column and column not in known:
                raise InputError(f"--{flag}-column {column!r}: {file.name} has only {', '.join(known)}.")
        self.image = columns.image or find_column(known, PATH_COLUMNS, file.name, "--image-column")
        self.label = columns.label or find_column(known, LABEL_COLUMNS, file.name, "--label-column")
        self.split = columns.split or named(known, SPLIT_COLUMNS)
        self.group = named(known, GROUP_COLUMNS)

    def rows(self, expressions: dict[str, str], places: "_Places") -> Iterator[Row]:
        whole = None if self.split else split_of(self.file.stem)
        for number, cells in read_table(self.file):
            split = split_of(cells[self.split]) if self.split else whole
            if self.split and split is None:
                raise line_error(
                    self.file,
                    number,
                    f"{self.split} {cells[self.split]!r} is none of train, validation and test; a column that is about "
                    "something else needs another name",
                )
            path, label = places.find(cells[self.image]), cells[self.label]
            further = {name: cell for name, cell in cells.items() if name not in (self.image, self.label, self.split)}
            yield Row(
                path or Path(cells[self.image]),
                expressions[label],
                cells[self.image],
                group=cells[self.group] if self.group else "",
                split=split,
                further=further,
                left_out=MISSING if path is None else "" if expressions[label] else f"labelled {label}",
            )


class _Places:
    """Where the pictures lie that tables name, often by a path on the machine of whoever wrote them."""

    def __init__(self, files: PictureFiles) -> None:
        self.taken: set[Path] = set()
        self._folder = files.folder
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in files.pictures:
            self._by_name[path.name.lower()].append(path)

    def find(self, written: str) -> Path | None:
        """The picture that a path means; None for none, and where several share as much of its end."""
        path = self._folder / written
        if not path.is_file():
            wanted = PurePosixPath(written.replace("\\", "/"))
            shared = [(_shared_end(wanted, path), path) for path in self._by_name.get(wanted.name.lower(), [])]
            most = max((count for count, _ in shared), default=0)
            best = [path for count, path in shared if count == most]
            if len(best) != 1:
                return None
            path = best[0]
        self.taken.add(path)
        return path


def _shared_end(one: PurePosixPath, other: Path) -> int:
    """How many last parts two paths share, in whatever case."""
    pairs = list(zip(reversed(one.parts), reversed(other.parts), strict=False))
    return next((count for count, (a, b) in enumerate(pairs) if a.lower() != b.lower()), len(pairs))
