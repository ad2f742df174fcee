"""Parts -> part files, by the processes of one machine; a photo that ends the process which reads it ends no other."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from fer_hub.annotate.annotator import Annotator
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.sources.items import Unreadable
from fer_hub.annotate.work import Part
from fer_hub.files import replace_file
from fer_hub.processes import LostProcess, run_jobs, workers

_annotators: list[Annotator] = []
"""The one of this process, once it has begun to work: executors give their tasks no other place."""


def annotate_parts(
    parts: Iterable[Part], folder: Path, settings: Settings, processes: int, done: Callable[[int], object]
) -> None:
    """Write all parts into a folder; `done` is told how many pictures each has.

    With no `processes` this one does the work, and what ends it ends the run.
    """
    jobs = ((part, folder) for part in parts)
    suspects: list[Part] = []
    more = True
    while more:
        with workers(processes or 1, _begin, settings, here=not processes) as pool:
            try:
                for part, _ in run_jobs(pool, _write, jobs, 2 * processes):
                    done(part.looks)
                more = False
            except LostProcess as lost:
                suspects += [part for part, _ in lost.jobs]
    if suspects:
        with _Apart(folder, settings) as process:
            for part in suspects:
                _write_carefully(part, process)
                done(part.looks)


class _Apart:
    """One process for what may end it; started again where it was ended."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self._pool: Executor | None = None

    def __enter__(self) -> "_Apart":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def survives(self, part: Part) -> bool:
        """Write a part, and say whether the process lived to do so."""
        self._pool = self._pool or workers(1, _begin, self.settings, here=False)
        try:
            return bool(list(run_jobs(self._pool, _write, [(part, self.folder)], 1)))
        except LostProcess:
            self._pool.shutdown()
            self._pool = None
            return False


def _write_carefully(part: Part, process: _Apart) -> None:
    """Write a part without the items that end the process; LostProcess where any part ends it."""
    if process.survives(part):
        return
    alone = replace(part, name=".alone")
    # A machine without memory ends any process: no file is to blame then.
    if not process.survives(replace(alone, items=(), stretch=None)):
        raise LostProcess([part])
    items = tuple(
        item
        if process.survives(replace(alone, items=(item,)))
        else replace(item, place=Unreadable("it ends the process that reads it."))
        for item in part.items
    )
    if not process.survives(replace(part, items=items)):
        raise LostProcess([part])
    (process.folder / alone.file).unlink(missing_ok=True)


def _begin(settings: Settings) -> None:
    _annotators[:] = [Annotator(settings)]


def _write(part: Part, folder: Path) -> None:
    replace_file(folder / part.file, _annotators[0].file_of(part))
