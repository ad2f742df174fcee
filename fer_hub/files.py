"""The files of a model folder, and a safe way to each of them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE

from fer_hub.errors import NO_ROOM, FerHubError, InputError

try:
    import fcntl
except ImportError:  # Windows has none: two runs into one folder are not noticed there
    fcntl = None  # type: ignore[assignment]

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
EVALUATION_FILE = "evaluation.json"
PREDICTIONS_FILE = "predictions.parquet"
CARD_FILE = "README.md"
MATRIX_PICTURE = "confusion_matrix.png"
RELIABILITY_PICTURE = "reliability.png"
PROCESSOR_FILE = "preprocessor_config.json"

MAX_BYTES = {
    CONFIG_FILE: 1 << 20,
    EVALUATION_FILE: 1 << 20,
    CARD_FILE: 1 << 20,
    MATRIX_PICTURE: 1 << 20,
    RELIABILITY_PICTURE: 1 << 20,
    PREDICTIONS_FILE: 64 << 20,
    WEIGHTS_FILE: 1 << 30,
    PROCESSOR_FILE: 1 << 20,
}
"""The most that each file may hold. These are all that is ever fetched from a repository."""

CARD_PICTURES = (MATRIX_PICTURE, RELIABILITY_PICTURE)
"""What the card shows, where the evaluation has it."""

MODEL_FILES = (CONFIG_FILE, EVALUATION_FILE, CARD_FILE, PREDICTIONS_FILE, WEIGHTS_FILE)
"""What each of our folders holds beside the card's pictures; the one file more is transformers', for the models of
others."""


def model_file(folder: Path, name: str) -> Path:
    """Return the path of one of a model folder's files.

    Raises InputError where it is missing or too large, is a device or a pipe, or a link that leads out of the
    folder, which a stranger could point at any file of this machine.
    """
    path = folder / name
    if not os.path.lexists(path):
        missing = "is not a model folder" if name == CONFIG_FILE else "is not a whole model folder"
        if (folder / "model" / CONFIG_FILE).is_file():  # what a training run writes
            raise InputError(f"{folder} {missing}: it has no {name}; its model lies in {folder / 'model'}.")
        raise InputError(f"{folder} {missing}: it has no {name}; give a folder with {CONFIG_FILE} and {WEIGHTS_FILE}.")
    if not path.is_file():
        raise InputError(f"{path} is not a file.")
    if path.is_symlink() and not _may_link(folder.resolve(), path.resolve()):
        raise InputError(f"{path} is a link that leads out of the folder; put the file itself there.")
    check_size(name, path.stat().st_size, str(folder))
    return path


def check_size(name: str, size: int, source: str) -> None:
    """Raise InputError where a file of `source` holds more than such a file can need."""
    if size > MAX_BYTES[name]:
        raise InputError(
            f"{name} of {source} is too large: {size / 2**20:,.1f} MB, where at most {MAX_BYTES[name] >> 20:,} MB are "
            "expected."
        )


def _may_link(folder: Path, target: Path) -> bool:
    """Links stay in their folder. In a cache of the Hub's client they lead to its blobs, whatever these are."""
    cached = folder.is_relative_to(Path(HF_HUB_CACHE).resolve())
    blobs = folder.parents[1] / "blobs" if folder.parent.name == "snapshots" else folder
    return cached or target.parent in (folder, blobs)


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """Give a path beside `file` to write to, and move it into place: a reader sees the old file or the whole new one.

    Where the block raises, the old file stays. The folder is made where it is missing. Raises InputError where a folder
    or a device stands there: as root, /dev/null would be replaced too.
    """
    if file.exists() and not file.is_file():
        raise InputError(f"{file} is a folder or a device; give the name of a file to write.")
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def refuse_itself(source: str | Path, output: Path) -> None:
    """Raise InputError where what is to be written would take the place of what it is made from."""
    if output.exists() and output.samefile(source):
        raise InputError(f"{output} is what is read; give another name for what is written.")


def replace_file(file: Path, content: bytes) -> None:
    """Write a file beside and move it into place."""
    with new_file(file) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def new_folder(folder: Path, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, and move it into place once all of it is written.

    One that is there is refused, or with `replace` stays until then. Raises FerHubError where the disk is full.
    """
    if not replace:
        refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        if replace and folder.exists():
            os.rename(folder, before := unfinished.with_suffix(".before"))
            os.rename(unfinished, folder)
            shutil.rmtree(before)
        else:
            os.rename(unfinished, folder)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise FerHubError(
            f"{folder} could not be written ({os.strerror(error.errno).lower()}); make room, and give the command "
            "again."
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_existing(folder: Path, instead: str = "move it away first") -> None:
    """Raise InputError where a finished model lies already, which says what to do `instead`."""
    if folder.exists():
        raise InputError(f"{folder} exists already; choose another --output, or {instead}.")


@contextmanager
def claimed(output: Path, file: Path) -> Iterator[None]:
    """Hold an output for this process until it ends, however it ends; `file` is the lock, beside or in the output.

    Raises InputError where another run holds it, or it cannot be written: before hours are spent on what goes there.
    """
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
            with suppress(OSError):
                file.unlink()


@contextmanager
def new_output(output: Path) -> Iterator[None]:
    """Hold an output that is not there yet. Raises InputError where it is, or another process writes it."""
    with claimed(output, output.parent / f".{output.name}-lock"):
        refuse_existing(output)
        yield
