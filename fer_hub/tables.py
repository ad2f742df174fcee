"""Tables as CSV files that a spreadsheet opens without running anything in them."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

_RUNS = ("=", "+", "-", "@", "\t", "\r")


def write_table(file: TextIO, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe; numbers stay."""
    csv.writer(file).writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: object) -> object:
    if not isinstance(cell, str) or not cell.startswith(_RUNS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
