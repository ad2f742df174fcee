"""Finding the files of a published dataset in a raw folder, and reading the numbers it has for labels."""

from pathlib import Path

from fer_hub.data.raw.tables import line_error
from fer_hub.errors import InputError


def find_file(raw: Path, *names: str) -> Path | None:
    """The first file of one of these names, `raw` itself or below it."""
    if raw.is_file():
        return raw if raw.name in names else None
    return next((path for name in names for path in sorted(raw.rglob(name)) if path.is_file()), None)


def need_file(raw: Path, what: str, *names: str) -> Path:
    """`find_file`, or InputError that says what the file is."""
    if (file := find_file(raw, *names)) is None:
        raise InputError(
            f"--raw {str(raw)!r} holds no {' or '.join(names)}, {what}; give the folder of the unpacked dataset."
        )
    return file


def label_at(labels: tuple[str, ...], number: str, file: Path, place: int, first: int = 0) -> str:
    """The label that a published number stands for, counted from `first`; InputError where it is out of range."""
    if not number.strip().isdecimal() or not first <= int(number) < first + len(labels):
        raise line_error(
            file, place, f"label {number!r}; expected {first} ({labels[0]}) to {first + len(labels) - 1} ({labels[-1]})"
        )
    return labels[int(number) - first]
