"""Finding files in a raw folder, and reading lists and tables strictly: each mistake is told with its place."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from fer_hub.errors import InputError

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_SPLIT_OF_WORD = {
    word: split
    for split, words in {
        "train": ("train", "training", "train_set", "fer2013train"),
        "validation": ("validation", "valid", "val", "dev", "val_set", "publictest", "fer2013valid"),
        "test": ("test", "testing", "test_set", "privatetest", "fer2013test"),
    }.items()
    for word in words
}


def split_of(word: str) -> str | None:
    """Return which split a folder name, file prefix or cell names ("PublicTest" -> "validation"), or None."""
    return _SPLIT_OF_WORD.get(word.strip().lower())


def split_of_path(path: Path) -> str | None:
    """The split that a part of a relative path names."""
    return next((split for part in path.parts[:-1] if (split := split_of(part))), None)


def pictures_below(folder: Path) -> list[Path]:
    """All JPEG, PNG and WebP files in and below a folder, in order of their names. Raises InputError for none."""
    if not folder.is_dir():
        raise InputError(f"--raw {str(folder)!r} is not a folder; give the one that holds the dataset.")
    hidden = (
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
    )
    found = sorted(hidden)
    if not found:
        raise InputError(f"{folder} holds no JPEG, PNG or WebP picture; give the folder of the unpacked dataset.")
    return found


def find_file(raw: Path, *names: str) -> Path | None:
    """The first file of one of these names, `raw` itself or below it."""
    if raw.is_file():
        return raw if raw.name in names else None
    return next((path for name in names for path in sorted(raw.rglob(name)) if path.is_file()), None)


def need_file(raw: Path, name: str, what: str) -> Path:
    """`find_file`, or InputError that says what the file is."""
    if (file := find_file(raw, name)) is None:
        raise InputError(f"--raw {str(raw)!r} holds no {name}, {what}; give the folder of the unpacked dataset.")
    return file


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line that is not empty."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield from ((number, line.strip()) for number, line in enumerate(stream, 1) if line.strip())
    except UnicodeDecodeError as error:
        raise _wrong_encoding(file, error) from None


def read_table(
    file: Path, columns: Iterable[str] = (), names: list[str] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the cells of each row of a CSV file; refuse one without these columns.

    Its first line names the columns, unless `names` does.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = names or [name.strip() for name in next(reader, [])]
            if missing := [column for column in columns if column not in header]:
                raise InputError(
                    f"{file.name} has no column {', '.join(map(repr, missing))}, only {', '.join(header) or 'none'}."
                )
            for cells in reader:
                if cells and len(cells) != len(header):
                    raise line_error(file, reader.line_num, f"{len(cells)} cells instead of {len(header)}")
                if cells:
                    yield reader.line_num, dict(zip(header, cells, strict=True))
    except UnicodeDecodeError as error:
        raise _wrong_encoding(file, error) from None
    except csv.Error as error:
        raise InputError(f"{file.name} is not a CSV file ({error}); save it as CSV again.") from None


def label_at(labels: tuple[str, ...], number: str, file: Path, place: int, first: int = 0) -> str:
    """The label that a published number stands for, counted from `first`; InputError where it is out of range."""
    if not number.strip().isdecimal() or not first <= int(number) < first + len(labels):
        raise line_error(
            file, place, f"label {number!r}; expected {first} ({labels[0]}) to {first + len(labels) - 1} ({labels[-1]})"
        )
    return labels[int(number) - first]


def line_error(file: Path, number: int, what: str) -> InputError:
    """The error of one line of a file, with its place."""
    return InputError(f"{file.name}, line {number}: {what}; correct the line or remove it.")


def _wrong_encoding(file: Path, error: UnicodeDecodeError) -> InputError:
    byte = error.object[error.start]
    return InputError(f"{file.name} is not UTF-8 text (byte 0x{byte:02x} in it); save it as UTF-8.")
