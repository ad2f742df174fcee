"""annotate and merge: a collection -> a folder of tables, with a summary and a card."""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ValidationError

from fer_hub.annotate.cluster import annotate_on_ray, device_of
from fer_hub.annotate.local import annotate_parts
from fer_hub.annotate.progress import Progress
from fer_hub.annotate.settings import Settings, settle
from fer_hub.annotate.sources.collection import open_collection
from fer_hub.annotate.tables.card import card_text
from fer_hub.annotate.tables.measured import Measured, measure
from fer_hub.annotate.tables.shards import write_tables
from fer_hub.annotate.tables.summary import summarize
from fer_hub.annotate.work import WHOLE, Plan, Share
from fer_hub.errors import InputError
from fer_hub.files import CARD_FILE, new_output
from fer_hub.hub.references import resolve

SUMMARY_FILE = "summary.json"
RUN_FILE = "run.json"
PARTS = "parts"


class Run(BaseModel, frozen=True, extra="forbid"):
    """run.json of a share's folder: what `merge` needs to know beside its parts."""

    source: str
    collection: str
    settings: Settings
    measured: Measured | None
    share: Share
    parts: int
    """Files with its rows: a copy that broke off has fewer."""


@dataclass(frozen=True)
class Asked:
    """What the caller asks for beside the collection and the output."""

    models: tuple[str, ...] = ()
    """References; none means `DEFAULT_MODEL`."""
    crops: bool = False
    """Whether the faces' pixels are written."""
    processes: int | None = None
    """On this machine; None means one a core, or fewer where there is little to do; 0 that this one does the work."""
    ray: str | None = None
    """Address of a Ray cluster that does the work; `local` makes one of this machine."""


def annotate(source: str, output: Path, asked: Asked = Asked(), licence: str = "other") -> dict[str, Any]:
    """Annotate a collection and return its summary.

    The same call goes on where one that ended early stopped. Raises InputError where the output is there already, or
    the source or a model cannot be had.
    """
    with new_output(output):
        unfinished, files, run = _work(source, output, asked, WHOLE)
        summary = _write_output((unfinished / PARTS / file for file in files), run, licence, output)
        shutil.rmtree(unfinished)
    return summary


def annotate_share(source: str, output: Path, share: Share, asked: Asked = Asked()) -> None:
    """Annotate a share of a collection; `merge` makes one output of all. Raises InputError as `annotate` does."""
    with new_output(output):
        unfinished, files, run = _work(source, output, asked, share)
        for stale in {file.name for file in (unfinished / PARTS).iterdir()} - set(files):
            (unfinished / PARTS / stale).unlink()
        (unfinished / RUN_FILE).write_text(run.model_dump_json(indent=1), encoding="utf-8")
        os.rename(unfinished, output)


def _work(source: str, output: Path, asked: Asked, share: Share) -> tuple[Path, list[str], Run]:
    """Write all parts of a share beside `output`; return the folder, the names of its parts and what was run."""
    collection = open_collection(source)
    settings = settle(asked.models, asked.crops, _device(asked.ray))
    unfinished = output.parent / f".{output.name}-unfinished"
    folder = unfinished / PARTS
    folder.mkdir(parents=True, exist_ok=True)

    plan = Plan(collection.items(), settings, share)
    with Progress(collection.count(), share.count) as progress:
        parts = progress.missing(plan, folder)
        if asked.ray:
            annotate_on_ray(parts, folder, settings, asked.ray, progress.done)
        else:
            processes = progress.processes() if asked.processes is None else asked.processes
            annotate_parts(parts, folder, settings, processes, progress.done)
    measured = measure([resolve(model.reference) for model in settings.models], settings.labels)
    run = Run(
        source=collection.name,
        collection=plan.collection,
        settings=settings,
        measured=measured,
        share=share,
        parts=len(plan.files),
    )
    return unfinished, sorted(plan.files), run


def _device(ray: str | None) -> str:
    if ray:
        return device_of(ray)
    return "cuda" if torch.cuda.is_available() else "cpu"


def merge(shares: Sequence[Path], output: Path, licence: str = "other") -> dict[str, Any]:
    """Put the shares of one run together and return its summary. Raises InputError where one lacks or is of another."""
    runs = [_read_run(folder) for folder in shares]
    first = runs[0]
    for folder, run in zip(shares, runs, strict=True):
        if (run.collection, run.settings, run.share.count) != (first.collection, first.settings, first.share.count):
            raise InputError(
                f"{folder} and {shares[0]} are shares of different runs: of other files, models, versions or numbers "
                "of shares; annotate them again with the same command."
            )
    numbers = sorted(run.share.number for run in runs)
    if numbers != list(range(1, first.share.count + 1)):
        raise InputError(
            f"{first.share.count} shares are expected, each once; given are {', '.join(map(str, numbers))}."
        )
    parts = [part for folder, run in zip(shares, runs, strict=True) for part in _parts(folder, run)]
    with new_output(output):
        return _write_output(sorted(parts, key=lambda part: part.name), first, licence, output)


def _read_run(folder: Path) -> Run:
    try:
        return Run.model_validate_json((folder / RUN_FILE).read_bytes())
    except (OSError, ValidationError):
        raise InputError(f"{folder} is not the finished output of annotate --shard i/n.") from None


def _parts(folder: Path, run: Run) -> list[Path]:
    """The files of a share; InputError where it is not whole."""
    parts = list((folder / PARTS).glob("*.parquet"))
    if len(parts) != run.parts:
        raise InputError(f"{folder} has {len(parts)} of {run.parts} parts; copy it again.")
    return parts


def _write_output(parts: Iterable[Path], run: Run, licence: str, output: Path) -> dict[str, Any]:
    """Tables, summary and card, in place once all is written."""
    unfinished = output.parent / f".{output.name}-tables"
    shutil.rmtree(unfinished, ignore_errors=True)  # what a run that was killed here had begun
    unfinished.mkdir(parents=True)
    tally = write_tables(parts, run.settings, unfinished)
    summary = summarize(tally, run.source, run.settings, run.measured)
    (unfinished / SUMMARY_FILE).write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (unfinished / CARD_FILE).write_text(card_text(summary, licence, run.settings.crops), encoding="utf-8")
    os.rename(unfinished, output)
    return summary
