"""Evaluations of models and of visitors' own pictures, and what lies behind a cell of their matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.cards import data_uri
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from fer_hub.evaluation.predictions import Predictions

SHOWN_PICTURES = 18
DATASET_VARIABLE = "FER_HUB_DATASET"

CELL_CLICKS = """
element.addEventListener('click', event => {
    const button = event.target.closest('button[data-cell]');
    if (!button) return;
    element.querySelectorAll('[aria-pressed]').forEach(other => other.removeAttribute('aria-pressed'));
    button.setAttribute('aria-pressed', 'true');
    trigger('click', {cell: button.dataset.cell});
});
"""
"""For a gr.HTML whose buttons have a `data-cell`: each click brings it along."""


class Pictures(Protocol):
    """Where the pictures of an evaluation can be read again."""

    def read(self, positions: Sequence[int]) -> list[np.ndarray]:
        """HWC uint8 RGB pictures by `Predictions.index`. Raises InputError where they cannot be had any more."""


@dataclass(frozen=True)
class Evaluated:
    """A report with what it was computed from, as far as that is at hand."""

    report: EvaluationReport
    predictions: "Predictions | None" = None
    pictures: Pictures | None = None
    lacking: str = ""
    """Why there are no predictions or pictures, for a reader."""


class Evaluations:
    """The evaluations in the model folders; with a dataset, its pictures for those that were computed from them."""

    def __init__(self, recognizers: Recognizers, dataset: str | None) -> None:
        """`dataset` is a folder or file that the datasets library can load."""
        self._recognizers = recognizers
        self._dataset = dataset
        self.get = lru_cache(maxsize=8)(self._read)

    def _read(self, reference: str) -> Evaluated:
        """A model's own evaluation. Raises InputError where it has none."""
        # It takes a second to import what reads them, and the page must not wait for it.
        from fer_hub.demo.views import measured  # noqa: PLC0415

        report = self._recognizers.evaluation(reference)
        try:
            predictions = measured.predictions_of(report, self._recognizers.folder(reference))
        except InputError as error:
            return Evaluated(report, lacking=str(error))
        if not self._dataset:
            lacking = f"The pictures are not here. Who has them starts the demo with {DATASET_VARIABLE}=their folder."
            return Evaluated(report, predictions, lacking=lacking)
        from fer_hub.demo.state.dataset_pictures import DatasetPictures  # noqa: PLC0415 as above: the datasets library

        try:
            return Evaluated(report, predictions, DatasetPictures(self._dataset, report.split, predictions))
        except InputError as error:
            return Evaluated(report, predictions, lacking=str(error))


def cell_html(evaluated: Evaluated, true: int, named: int) -> str:
    """What is behind a cell: how many, how sure the model was, and the pictures it was surest of."""
    report, label, name = evaluated.report, evaluated.report.labels[true], evaluated.report.labels[named]
    count, support = report.confusion_matrix[true][named], int(report.per_class[label]["support"])
    title = f"{label}, named right" if true == named else f"{label}, taken for {name}"
    facts = f"{count:,} of the {support:,} pictures labelled {label} were named {name}."
    if evaluated.predictions is None or count == 0:
        return _section(title, facts, "" if count == 0 else evaluated.lacking)
    answers = evaluated.predictions
    rows = np.flatnonzero((answers.labels == true) & (answers.named == named))
    sure = answers.probabilities[rows, named]
    rows, sure = rows[np.argsort(-sure, kind="stable")], np.sort(sure)[::-1]
    facts += (
        f" It gave {name} {sure.mean():.0%} on average, from {sure.min():.0%} to {sure.max():.0%}; "
        f"{(sure >= 0.8).sum():,} of them got 80% or more."
    )
    captions = [f"{value:.0%}" for value in sure[:SHOWN_PICTURES]]
    return _section(title, facts, pictures_html(evaluated, rows[:SHOWN_PICTURES], captions, f"{label}, named {name}"))


def pictures_html(evaluated: Evaluated, rows: np.ndarray, captions: Sequence[str], alt: str) -> str:
    """Pictures of the given rows of the predictions; a sentence where they are not at hand."""
    if evaluated.pictures is None or evaluated.predictions is None:
        return f'<p class="fer-small">{escape(evaluated.lacking)}</p>'
    positions = evaluated.predictions.index[rows].tolist()
    try:
        pictures = evaluated.pictures.read(positions)
    except InputError as error:
        return f'<p class="fer-hint" role="alert">{escape(str(error))}</p>'
    figures = "".join(
        f'<figure><img src="{_thumbnail(picture)}" alt="picture {position}: {escape(alt)}" title="picture {position}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for position, picture, caption in zip(positions, pictures, captions, strict=True)
    )
    return f'<div class="fer-sheet">{figures}</div>'


def _section(title: str, facts: str, more: str) -> str:
    more = more if more.startswith("<") or not more else f'<p class="fer-small">{escape(more)}</p>'
    return f'<h3>{escape(title)}</h3><p class="fer-facts">{escape(facts)}</p>{more}'


def _thumbnail(picture: np.ndarray) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((96, 96))
    return data_uri(image)
