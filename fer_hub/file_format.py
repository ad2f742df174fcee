"""The version of what config.json and evaluation.json may hold, so that a file that is too new says so itself.

Promised: every file that a release has written is read by all later ones. A new key, or a new meaning of an old one,
raises `FORMAT_VERSION`.
"""

from pydantic import BaseModel, ValidationError

from fer_hub import __version__
from fer_hub.errors import InputError, plain

FORMAT_VERSION = 3
"""1 (files without a version): up to FER Hub 0.1. 2: with `format_version`, `written_by` and `purpose`. 3: with `heads`
and `backbone` in config.json, and rows of values among `auxiliary` in evaluation.json."""


class _Stamp(BaseModel, extra="ignore"):
    format_version: int = 1
    written_by: str = "a later version"


def refuse_newer(text: str | bytes, source: str) -> None:
    """Raise InputError where JSON was written for a later `FORMAT_VERSION`; other faults are its reader's to find."""
    try:
        stamp = _Stamp.model_validate_json(text)
    except ValidationError:
        return
    if stamp.format_version > FORMAT_VERSION:
        writer = plain(stamp.written_by, 20)
        raise InputError(f"{source} was written by FER Hub {writer} or newer: upgrade; this is {__version__}.")
