"""Reading lists and tables strictly: each mistake is told with its place."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fer_hub.data.vocabulary.columns import PATH_COLUMNS, named
from fer_hub.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl")
DELIMITERS = ",;\t|"

csv.field_size_limit(1 << 20)  # pixels of a large picture, written out


def is_table(file: Path) -> bool:
    """Whether a file is a table of paths: CSV, JSON lines, or parquet with a column of paths and not of pictures."""
    if file.suffix.lower() != ".parquet":
        return file.suffix.lower() in TABLE_SUFFIXES
    try:
        columns = pq.read_schema(file)
    except (OSError, ValueError):  # pyarrow's are of these kinds; whoever reads it says so
        return False
    image = named(columns.names, PATH_COLUMNS)
    return image is not None and (
        pa.types.is_string(columns.field(image).type) or pa.types.is_large_string(columns.field(image).type)
    )


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

    In CSV, cells are parted by commas, semicolons, tabs or bars, whichever its first lines have most of. The first
    names the columns, unless `names` does. `columns` are matched whatever their case; rows bear the names asked for.
    """
    if file.suffix.lower() in (".json", ".jsonl", ".parquet"):
        yield from _records(file)
        return
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            delimiter = delimiter_of(stream.readline() + stream.readline())
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


def _records(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table whose cells have types, as text; every row has the columns of all."""
    rows: Any
    if file.suffix.lower() == ".parquet":
        rows = pq.read_table(file).to_pylist()
    else:
        try:
            text = file.read_text(encoding="utf-8-sig")
            lines = file.suffix.lower() == ".jsonl"
            rows = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(file, error) from None
        except ValueError as error:
            raise InputError(f"{file.name} is not JSON ({error}); write it again.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            f"{file.name} is not a list of rows such as "
            '{"path": "1.jpg", "label": "happy"}; write what it says as such a list, or as CSV.'
        )
    if rows and {"data", "annotations"} <= set(rows[0]):
        raise InputError(f"{file.name} is Label Studio's whole export; export it as JSON-MIN or CSV.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    for number, row in enumerate(rows, 1):
        yield number, {name: "" if row.get(name) is None else str(row[name]).strip() for name in names}


def delimiter_of(text: str) -> str:
    """What parts the cells of a table, by its first two lines: what both have most of."""
    lines = [line for line in text.splitlines()[:2] if line.strip()] or [""]
    return max(DELIMITERS, key=lambda delimiter: min(line.count(delimiter) for line in lines))


def line_error(file: Path, number: int, what: str) -> InputError:
    """The error of one line of a file, with its place."""
    return InputError(f"{file.name}, line {number}: {what}; correct the line or remove it.")


def _wrong_encoding(file: Path, error: UnicodeDecodeError) -> InputError:
    byte = error.object[error.start]
    return InputError(f"{file.name} is not UTF-8 text (byte 0x{byte:02x} in it); save it as UTF-8.")
