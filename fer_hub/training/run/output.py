"""The output folder of a run: writable, and nobody else's."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_hub.files import claimed


@contextmanager
def claimed_run(output: Path) -> Iterator[None]:
    """Hold the output folder of a training run, made where it is missing; see `claimed`."""
    folder = output / "checkpoint"
    try:
        with claimed(output, folder / "lock"):
            yield
    finally:
        with suppress(OSError):  # of a run that was refused nothing is left
            folder.rmdir()
            output.rmdir()
