"""Whole photos given to a training: their faces are cut out once, and kept in the datasets library's cache."""

import hashlib
import logging
import re
import shutil
from pathlib import Path

import datasets
from filelock import FileLock

from fer_hub.data.preparation.cards.report import summarize
from fer_hub.data.preparation.prepare import Settings, prepare
from fer_hub.data.raw.forms import Reading
from fer_hub.data.reference import Dataset
from fer_hub.data.sources.folder import read_as

logger = logging.getLogger(__name__)


def faces_of(reference: str, reading: Reading, settings: Settings) -> Path:
    """The folder of a prepared dataset of the faces in a dataset's photos, made where it is not there yet.

    It is named by the photos' revision and the settings, so that other photos never pass for these. Raises InputError.
    """
    revision = Dataset(reference, reading=reading).revision
    digest = hashlib.sha256(f"{revision} {reading} {settings}".encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.-]+", "-", reference.rstrip("/").rsplit("/", 1)[-1])
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "fer_hub" / f"{name}-faces-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # several processes of one run, or several runs
        if revision == "unknown":  # it could be other photos each time
            shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            command = f"python train/prepare_data.py folder --raw RAW --output FACES --crop {settings.crop} --classes 8"
            report = prepare(read_as(reading), Path(reference), folder, settings, command)
            logger.info("%s", summarize(report))
    logger.info("Faces cut out of %s: %s", reference, folder)
    return folder
