"""A source -> a dataset in the one form: listed, cut out, deduplicated, split, written, with its card."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_hub.data.crop_check import check_crops
from fer_hub.data.preparation.cards.card import COUNTS_PICTURE, SHEET_PICTURE, write_card
from fer_hub.data.preparation.cards.charts import draw_counts, draw_sheet
from fer_hub.data.preparation.cards.report import describe
from fer_hub.data.preparation.cropping import Cutting
from fer_hub.data.preparation.listing import Listing, list_rows
from fer_hub.data.preparation.parts import PART_ROWS, write_parts
from fer_hub.data.preparation.publish import may_show
from fer_hub.data.preparation.records import readable_pictures
from fer_hub.data.preparation.shards import dataset_features, write_shards
from fer_hub.data.preparation.splits.index import read_index
from fer_hub.data.preparation.splits.selection import choose_policy, select
from fer_hub.data.sources import Source
from fer_hub.expressions import EIGHT_EXPRESSIONS, EXPRESSIONS
from fer_hub.files import new_output


@dataclass(frozen=True)
class Settings:
    """How a dataset is prepared."""

    crop: str = "auto"
    size: int = 96
    margin: float = 0.1
    """See `Cutting`."""
    classes: int = 7
    """8 keeps contempt."""
    seed: int = 0
    max_images: int | None = None
    proportions: tuple[int, int, int] | None = None
    """Sizes of train : validation : test where they are ours to make; None: the source's own."""
    duplicates: str | None = None
    """One of `POLICIES`; None: keep in published splits, group otherwise."""
    keep: tuple[str, ...] = ()
    """Further columns to keep."""
    processes: int | None = None
    """None: one for each processor."""
    licence: str | None = None
    """None: the source's own."""
    vocabulary: tuple[str, ...] = ()
    """The labels, where they are no expressions."""


def prepare(source: Source, raw: Path, output: Path, settings: Settings, command: str) -> dict[str, Any]:
    """Write a prepared dataset as the folder `output` and return its report; `command` is what its card names.

    What a run that was killed has read is taken up again. Raises InputError.
    """
    with new_output(output):
        return _prepare(source, raw, output, settings, command)


def _prepare(source: Source, raw: Path, output: Path, settings: Settings, command: str) -> dict[str, Any]:
    labels: tuple[str, ...] = settings.vocabulary or (EXPRESSIONS if settings.classes == 7 else EIGHT_EXPRESSIONS)
    cutting = Cutting(settings.crop, settings.size, settings.margin)
    listing = list_rows(source, raw, labels, settings.max_images, settings.seed, settings.keep)
    labels = listing.labels if source.own else labels
    policy = choose_policy(settings.duplicates, listing.published)
    check = None if source.crops or listing.boxes else check_crops(readable_pictures(listing.sample))
    cutting = cutting.decide(listing.boxes, check)
    unfinished = output.parent / f".{output.name}-unfinished"
    processes = settings.processes or min(os.cpu_count() or 1, 1 + listing.total // PART_ROWS)
    parts = write_parts(listing.rows, listing.total, unfinished / "parts", cutting, processes)
    index = read_index(parts)
    proportions = settings.proportions or source.proportions
    selection = select(index, policy, proportions, settings.seed)

    folder = unfinished / "dataset"
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed here had begun
    write_shards(parts, selection, dataset_features(labels, listing.votes, listing.further), folder)
    report = describe(index, selection, listing, labels, cutting, check)
    draw_counts(report["splits"]).save(folder / COUNTS_PICTURE)
    licence = settings.licence or source.licence
    if may_show(licence):
        draw_sheet(sorted(folder.glob("data/*.parquet")), labels).save(folder / SHEET_PICTURE)
    write_card(folder, source, licence, _how(command, settings, proportions, policy, listing, source.own), report)
    os.rename(folder, output)
    shutil.rmtree(unfinished)
    return report


def _how(
    command: str, settings: Settings, proportions: tuple[int, int, int], policy: str, listing: Listing, own: bool
) -> str:
    """How the dataset was made, for its card."""
    splits = (
        f"The {'given' if own else 'published'} splits are kept."
        if listing.published
        else "The splits were made here: stratified by expression, what shares a `group` together, "
        f"{':'.join(map(str, proportions))}, seed {settings.seed}."
    )
    copies = {
        "keep": "Duplicates are kept and marked.",
        "drop": "Of each set of duplicates one was kept.",
        "group": "Duplicates share a split.",
    }[policy]
    return f"```\n{command}\n```\n\n`RAW` stands for the folder or file of what was given. {splits} {copies}"
