"""Several processes for one piece of work, that end with whoever started them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

import torch

from fer_hub.errors import FerHubError

Job = TypeVar("Job", bound=tuple[Any, ...])


class LostProcess(FerHubError):
    """A process was ended from outside, or by what it did; `jobs` are those that it and the others had begun."""

    def __init__(self, jobs: list[Any]) -> None:
        super().__init__(
            "a process was ended from outside, probably for want of memory; give the same command again to go on "
            "where it stopped, with fewer --processes."
        )
        self.jobs = jobs


def workers(
    processes: int, prepare: Callable[..., None] | None = None, *arguments: Any, here: bool | None = None
) -> Executor:
    """An executor of so many processes; `prepare(*arguments)` runs first in each.

    The work of one process is done in this one, unless `here` is False.
    """
    if processes == 1 and here is not False:
        if prepare is not None:
            prepare(*arguments)
        return _Here()
    # Spawned, because forking a process that has used torch can hang.
    context = multiprocessing.get_context("spawn")
    return _Processes(processes, context, initializer=_start_worker, initargs=(prepare, arguments))


def run_jobs(pool: Executor, task: Callable[..., Any], jobs: Iterable[Job], waiting: int) -> Iterator[Job]:
    """Do `task(*job)` for each job and yield those that are done; at most `waiting` are taken from `jobs` in advance.

    Raises LostProcess where a process was ended; what is done stays done.
    """
    running: dict[Future[Any], Job] = {}

    def finished(most: int) -> Iterator[Job]:
        while len(running) > most:
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                done.result()
                yield running.pop(done)

    try:
        for job in jobs:
            try:
                running[pool.submit(task, *job)] = job
            except BrokenProcessPool:
                raise LostProcess([*running.values(), job]) from None
            yield from finished(waiting)
        yield from finished(0)
    except BrokenProcessPool:
        raise LostProcess(list(running.values())) from None
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


class _Processes(ProcessPoolExecutor):
    """Starts its processes deaf to Ctrl-C, until they are ready to end on it in silence: see `_start_worker`."""

    def submit(self, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            return super().submit(task, *arguments, **options)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(task, *arguments, **options)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Here(Executor):
    """Does what is submitted at once, in this process: for little work, quicker than starting others."""

    def submit(self, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(task(*arguments, **options))
        return done


def _start_worker(prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """One thread a process; Ctrl-C ends it without a word, and no process outlives a run that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    if prepare is not None:
        prepare(*arguments)
