"""Rows -> part files, by several processes: pictures read, faces cut out, fingerprints taken.

A part is written beside and moved into place, and its name holds a digest of what went into it. So a run that was
killed finds the parts that it has and goes on with the rest, and a part of other rows or settings is never taken.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from fer_hub.data.preparation.cropping import Cutting, FaceCutter
from fer_hub.data.preparation.records import SCHEMA, records_of
from fer_hub.data.raw.row import Row
from fer_hub.files import new_file
from fer_hub.processes import run_jobs, workers

PART_ROWS = 500
"""Faces in a part: what a killed run may lose of its work."""

GROUP_BYTES = 32_000_000
"""Pictures of this size are held at most, by each process, before they are written as a row group of the part."""


def write_parts(rows: Iterable[Row], total: int, folder: Path, cutting: Cutting, processes: int) -> list[Path]:
    """Write all rows as parts in a folder and return the files in order; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with (
        tqdm(total=total, desc="reading pictures", unit="face", smoothing=0.1, dynamic_ncols=True) as progress,
        workers(processes) as pool,
    ):

        def missing() -> Iterator[tuple[Path, list[Row], Cutting]]:
            for number, batch in enumerate(_batches(rows)):
                files.append(folder / f"{number:06d}-{_digest(batch, cutting)}.parquet")
                if files[-1].exists():
                    progress.update(len(batch))
                else:
                    yield files[-1], batch, cutting

        # Rows wait with their pixels: no more of them than keeps the processes busy.
        for _, batch, _ in run_jobs(pool, write_part, missing(), 2 * processes):
            progress.update(len(batch))
    return files


def write_part(file: Path, rows: list[Row], cutting: Cutting) -> None:
    """Read, cut and fingerprint the pictures of some rows, and write them as one part."""
    cutter = FaceCutter(cutting)
    with new_file(file) as unfinished, pq.ParquetWriter(unfinished, SCHEMA) as writer:
        records: list[dict[str, Any]] = []
        for _, faces in groupby(rows, key=lambda row: row.picture):  # each photo is opened once
            records += records_of(list(faces), cutter)
            if sum(len(record.get("image", b"")) for record in records) > GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(records, SCHEMA))
                records = []
        writer.write_table(pa.Table.from_pylist(records, SCHEMA))


def read_part(file: Path) -> Iterator[pa.Table]:
    """Yield the faces of a part that were not left out, a row group at a time."""
    with pq.ParquetFile(file) as part:
        for group in range(part.num_row_groups):
            table = part.read_row_group(group)
            yield table.filter(pc.equal(table["left_out"], ""))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Parts' worths of rows; the faces of one photo, which follow each other, stay together."""
    batch: list[Row] = []
    for row in rows:
        if len(batch) >= PART_ROWS and row.picture != batch[-1].picture:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _digest(rows: list[Row], cutting: Cutting) -> str:
    return hashlib.blake2b(repr((rows, cutting)).encode(), digest_size=8).hexdigest()
