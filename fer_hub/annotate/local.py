"""Parts -> part files, by the processes of one machine."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
from tqdm import tqdm

from fer_hub.annotate.annotator import Annotator
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.work import Part
from fer_hub.files import new_file
from fer_hub.processes import run_jobs, workers

_annotators: list[Annotator] = []
"""The one of this process, once it has begun to work: executors give their tasks no other place."""


def annotate_parts(parts: Iterable[Part], folder: Path, settings: Settings, processes: int, progress: tqdm) -> None:
    """Write all parts that a folder lacks into it."""

    def missing() -> Iterator[tuple[Part, Path]]:
        for part in parts:
            if (folder / part.file).exists():
                progress.update(len(part.items))
            else:
                yield part, folder

    with workers(processes, _begin, settings) as pool:
        for part, _ in run_jobs(pool, _annotate, missing(), 2 * processes):
            progress.update(len(part.items))


def _begin(settings: Settings) -> None:
    _annotators[:] = [Annotator(settings)]


def _annotate(part: Part, folder: Path) -> None:
    table = _annotators[0](part)
    with new_file(folder / part.file) as unfinished:
        pq.write_table(table, unfinished)
