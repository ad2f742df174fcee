"""The output folder of a run: writable, and nobody else's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_hub.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has none: two runs in one folder are not noticed there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed(output: Path) -> Iterator[None]:
    """Hold an output folder, made where it is missing, for this process until it ends, however it ends.

    Raises InputError where another run holds it, or it cannot be written: before hours are spent on what goes there.
    """
    file = output / "checkpoint" / "lock"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.open("w")
    except OSError as error:
        raise InputError(f"{output} cannot be written ({error.strerror}); choose another --output.") from None
    with lock:
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another run is writing to {output}; wait for it, or choose another --output.") from None
        except OSError:  # a file system without locks
            pass
        if os.fstat(lock.fileno()).st_nlink == 0:  # its holder left while it was being opened
            raise InputError(f"another run has just left {output}; give the same command again.")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
            with suppress(OSError):  # of a run that was refused nothing is left
                file.parent.rmdir()
                output.rmdir()
