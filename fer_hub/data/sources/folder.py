"""Any pictures in class-named folders, or a CSV of path and label, in any language of words that we know."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fer_hub.data.columns import LABEL_COLUMNS, PATH_COLUMNS, find_column
from fer_hub.data.sources.files import line_error, pictures_below, read_table, split_of, split_of_path
from fer_hub.data.sources.row import MISSING, Row, Source
from fer_hub.errors import InputError
from fer_hub.expressions import EIGHT_EXPRESSIONS, expression_of

_SPLIT_COLUMNS = ("split", "Usage", "usage", "set", "subset")


def rows(raw: Path) -> Iterator[Row]:
    """Yield the pictures of a CSV file, `raw` itself or the only one in it, or else those in class-named folders."""
    lists = [raw] if raw.is_file() else sorted(raw.glob("*.csv"))
    if len(lists) > 1:
        raise InputError(f"{raw} holds several CSV files; give the one to read: --raw {lists[0]}.")
    yield from csv_rows(lists[0]) if lists else class_folder_rows(raw)


def class_folder_rows(raw: Path) -> Iterator[Row]:
    """Yield every picture, labelled by the folder it lies in; a folder further up may name its split."""
    paths = [path.relative_to(raw) for path in pictures_below(raw)]
    labels = _expressions(path.parent.name for path in paths)
    for path in paths:
        yield Row(raw / path, labels[path.parent.name], path.as_posix(), split=split_of_path(path))


def csv_rows(file: Path) -> Iterator[Row]:
    """Yield the lines of a CSV of path and label, and where it has such a column, split; paths start at the file."""
    _, first = next(read_table(file), (0, {}))
    if not first:
        raise InputError(f"{file.name} has no rows; expected a path and a label in each.")
    image = find_column(list(first), PATH_COLUMNS, file.name)
    label = find_column(list(first), LABEL_COLUMNS, file.name)
    split_column = next((name for name in _SPLIT_COLUMNS if name in first), None)
    labels = _expressions(cells[label] for _, cells in read_table(file))
    for number, cells in read_table(file):
        split = split_of(cells[split_column]) if split_column else None
        if split_column and split is None:
            raise line_error(file, number, f"split {cells[split_column]!r}; expected train, validation or test")
        path = file.parent / cells[image]
        left_out = "" if path.is_file() else MISSING
        yield Row(path, labels[cells[label]], cells[image], split=split, left_out=left_out)


def _expressions(words: Iterable[str]) -> dict[str, str]:
    """Label word -> expression; InputError lists those that are none."""
    counts = Counter(words)
    # Folder names may hold letters and accents apart (macOS): NFC joins them.
    found = {word: expression_of(unicodedata.normalize("NFC", word)) for word in counts}
    if unknown := [f"{word!r} ({counts[word]:,})" for word, expression in found.items() if not expression]:
        raise InputError(
            f"these labels, with their numbers of pictures, are not known: {', '.join(sorted(unknown))}; rename them "
            f"to {', '.join(EIGHT_EXPRESSIONS)}, or to their words in one of eleven languages."
        )
    return {word: expression for word, expression in found.items() if expression}


FOLDER = Source(
    title="Own pictures",
    origin="Pictures and labels of whoever prepared this dataset.",
    licence="unknown",
    terms="Whoever prepared this dataset has not stated one (--licence).",
    rows=rows,
)
