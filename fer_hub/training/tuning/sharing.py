"""One study for several processes: a trial belongs to the process that tries it, until it is told or that process ends.

Whose it is says a lock, which the system takes from a process that is killed.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.trial import TrialState

logger = logging.getLogger(__name__)

STATES = "checkpoint"
"""Folder of a search for what only unfinished trials need."""

_LOOK_AGAIN = 1.0  # seconds


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep the other processes of a search from deciding anything, waiting for the one that does."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield


def finished(study: optuna.Study) -> int:
    return sum(trial.state.is_finished() for trial in study.trials)


def trials_to_run(study: optuna.Study, trials: int, folder: Path, seed: int) -> Iterator[optuna.Trial]:
    """Yield trials until so many are finished, by whichever process: first those whose process was stopped.

    Where other processes work on all that are left, it waits for them: one could be killed. Each trial must be told
    before the next one is taken.
    """
    said = False
    while finished(study) < trials:
        with alone(folder):
            taken = _take(study, trials, folder / STATES, seed)
        if taken is not None:
            trial, lock = taken
            with lock:
                yield trial
            _clear(lock, folder)
            continue
        if not said:
            logger.info("Other processes try what is left; waiting for them.")
            said = True
        time.sleep(_LOOK_AGAIN)


def _take(study: optuna.Study, trials: int, states: Path, seed: int) -> tuple[optuna.Trial, FileLock] | None:
    """A trial and the lock that makes it ours: one that nobody works on any more, or a new one, if any is left."""
    states.mkdir(exist_ok=True)
    running = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
    for frozen in running:
        lock = FileLock(states / f"{frozen.number}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue
        if study.get_trials(deepcopy=False)[frozen.number].state == TrialState.RUNNING:  # not told meanwhile
            return optuna.Trial(study, frozen._trial_id), lock
        lock.release()
    if finished(study) + len(running) >= trials:
        return None
    # Another seed for each trial: two processes with the same one would draw the same settings.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    trial = study.ask()
    lock = FileLock(states / f"{trial.number}.lock")
    lock.acquire()
    return trial, lock


def _clear(lock: FileLock, folder: Path) -> None:
    """Remove the lock of a trial that is told, and the folder of all of them where it was the last."""
    with alone(folder):
        Path(lock.lock_file).unlink(missing_ok=True)
        with suppress(OSError):
            (folder / STATES).rmdir()
