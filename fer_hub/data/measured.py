"""What was measured on a dataset, kept in the datasets library's cache: a second run need not measure it again."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import datasets
import torch
from pydantic import TypeAdapter, ValidationError

from fer_hub.files import replace_file

logger = logging.getLogger(__name__)

VERSION = 2
"""To be raised where the same pictures would be measured differently, as by another face finder."""

Measured = TypeVar("Measured")


def remembered(revision: str, what: str, form: TypeAdapter[Measured], measure: Callable[[], Measured]) -> Measured:
    """What `measure` gives, or gave before.

    Args:
        revision: of the dataset; "unknown" remembers nothing.
        what: all that the measurement depends on besides.
        form: of what is measured, to read it back.
        measure: is called where nothing is remembered.
    """
    if revision == "unknown":
        return _undrawn(measure)
    name = hashlib.sha256(f"{VERSION} {revision} {what}".encode()).hexdigest()[:32]
    file = Path(datasets.config.HF_DATASETS_CACHE) / "fer_hub" / f"{name}.json"
    try:
        return form.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        measured = _undrawn(measure)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, form.dump_json(measured))
    except OSError as error:  # a cache that cannot be written costs time, no more
        logger.info("what was measured on the dataset cannot be kept: %s", error)
    return measured


def _undrawn(measure: Callable[[], Measured]) -> Measured:
    """Measure without a trace in torch's random numbers: a run is the same whether it measures or remembers."""
    with torch.random.fork_rng(devices=[]):
        return measure()
