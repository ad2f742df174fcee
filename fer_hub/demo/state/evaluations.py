"""Evaluations of models and of visitors' own pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.model_folder import ModelFolder

if TYPE_CHECKING:
    from fer_hub.evaluation.predictions import Predictions

DATASET_VARIABLE = "FER_HUB_DATASET"


class Pictures(Protocol):
    """Where the pictures of an evaluation can be read again."""

    def read(self, positions: Sequence[int]) -> list[np.ndarray]:
        """HWC uint8 RGB pictures by `Predictions.index`. Raises InputError where they cannot be had any more."""


@dataclass(frozen=True)
class LoadedEvaluation:
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
        self._read_once = lru_cache(maxsize=8)(self._read)

    def get(self, reference: str) -> LoadedEvaluation:
        """A model's own evaluation. Raises InputError where it has none."""
        return self._read_once(reference, self._recognizers.folder(reference))

    def _read(self, reference: str, folder: ModelFolder) -> LoadedEvaluation:
        """What lies in a model's folder: brought again, a repository that changed lies in another one."""
        report = self._recognizers.evaluation(reference)
        try:
            predictions = self._recognizers.predictions(reference)
        except InputError as error:
            return LoadedEvaluation(report, lacking=str(error))
        if not self._dataset:
            lacking = f"The pictures are not here. Who has them starts the demo with {DATASET_VARIABLE}=their folder."
            return LoadedEvaluation(report, predictions, lacking=lacking)
        # The datasets library takes seconds to import, and the page must not wait for it.
        from fer_hub.demo.state.dataset_pictures import DatasetPictures  # noqa: PLC0415

        try:
            return LoadedEvaluation(report, predictions, DatasetPictures(self._dataset, report.split, predictions))
        except InputError as error:
            return LoadedEvaluation(report, predictions, lacking=str(error))
