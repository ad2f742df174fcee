"""Reading lists and tables strictly: each mistake is told with its place."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from fer_hub.data.vocabulary.columns import named
from fer_hub.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv")
DELIMITERS = ",;\t|"

csv.field_size_limit(1 << 20)  # pixels of a large picture, written out


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
    """Yield the line number and the cells of each row of a table; refuse one without these columns.

    Cells are parted by commas, semicolons, tabs or bars, whichever its first line has most of. That line names the
    columns, unless `names` does. `columns` are matched whatever their case, and rows bear the names asked for.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            delimiter = delimiter_of(stream.readline())
            stream.seek(0)
            reader = csv.reader(stream, delimiter=delimiter)
            header = names or [name.strip() for name in next(reader, [])]
            found = {column: named(header, (column,)) for column in columns}
            if missing := [repr(column) for column, name in found.items() if name is None]:
                raise InputError(f"{file.name} has no column {', '.join(missing)}, only {', '.join(header) or 'none'}.")
            asked = {name: column for column, name in found.items()}
            header = [asked.get(name, name) for name in header]
            for cells in reader:
                if cells and len(cells) != len(header):
                    raise line_error(file, reader.line_num, f"{len(cells)} cells instead of {len(header)}")
                if cells:
                    yield reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except UnicodeDecodeError as error:
        raise _wrong_encoding(file, error) from None
    except csv.Error as error:
        raise InputError(f"{file.name} is not a CSV file ({error}); save it as CSV again.") from None


def delimiter_of(line: str) -> str:
    """What parts the cells of a table, by its first line."""
    return max(DELIMITERS, key=line.count)


def line_error(file: Path, number: int, what: str) -> InputError:
    """The error of one line of a file, with its place."""
    return InputError(f"{file.name}, line {number}: {what}; correct the line or remove it.")


def _wrong_encoding(file: Path, error: UnicodeDecodeError) -> InputError:
    byte = error.object[error.start]
    return InputError(f"{file.name} is not UTF-8 text (byte 0x{byte:02x} in it); save it as UTF-8.")
