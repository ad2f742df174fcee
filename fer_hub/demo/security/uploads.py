"""Which files a visitor's request may name: what was uploaded to this demo, and nothing else of this machine.

Gradio checks the files of `gr.File` and `gr.Video`, but `gr.Image` and `gr.Gallery` take `{"path": ...}` as it is. So
every file of every request is looked at here, whatever component it is for.
"""

import os
import stat
from collections.abc import Iterator
from typing import Any

from gradio.utils import get_upload_folder

from fer_hub.errors import InputError, plain

MOST_CHARACTERS = 100_000
"""Of all texts that a function is given, paths of files among them."""

_REFUSED = "this is no file that was uploaded to this demo; upload it, and name it by the path that the upload answers."
"""The same for whatever is wrong with a path: what lies elsewhere on this machine is not told apart."""


def check_uploads(data: Any) -> None:
    """Raise InputError where JSON data names a file that is no upload, at any depth."""
    for path in _paths(data):
        if not is_upload(path):
            raise InputError(_REFUSED)


def given_files(event: Any, most: int) -> tuple[list[tuple[str, str]], list[str]]:
    """The files that scripts/drop_zone.js says were given: path and name of at most `most`, and names of the others.

    Raises InputError where one was not uploaded.
    """
    files, refused = getattr(event, "files", None), getattr(event, "refused", None)
    given = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    check_uploads(given)
    names = [(str(file.get("path")), plain(str(file.get("name") or "a file"), 100)) for file in given[:most]]
    if any(not is_upload(path) for path, _ in names):
        raise InputError(_REFUSED)
    return names, [plain(str(name), 100) for name in refused[:most]] if isinstance(refused, list) else []


def is_upload(path: object) -> bool:
    """Whether this is the path of a regular file inside Gradio's upload folder: no folder, pipe, device or link."""
    if not isinstance(path, str):
        return False
    try:
        regular = stat.S_ISREG(os.lstat(path).st_mode)
        folder, place = os.path.realpath(get_upload_folder()), os.path.realpath(path)
    except (OSError, ValueError):
        return False
    return regular and place.startswith(folder + os.sep)


def check_texts(data: Any) -> None:
    """Raise InputError where the texts in JSON data are longer than any page sends: Gradio keeps them for a while."""
    if sum(len(value) for value in _values(data) if isinstance(value, str)) > MOST_CHARACTERS:
        raise InputError(f"these texts are too long; at most {MOST_CHARACTERS:,} characters are expected.")


def _paths(data: Any) -> Iterator[object]:
    """The `path` of every object in JSON data; a webcam's frame has none, or an empty one."""
    for value in _values(data):
        if isinstance(value, dict) and value.get("path") not in (None, ""):
            yield value["path"]


def _values(data: Any) -> Iterator[Any]:
    """JSON data, and every value inside it."""
    waiting = [data]
    while waiting:
        yield (value := waiting.pop())
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
