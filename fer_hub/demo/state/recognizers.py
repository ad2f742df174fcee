"""The models a demo offers, loaded when first asked for."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_hub.demo.state.model_cache import ModelCache
from fer_hub.demo.state.visitor_models import VisitorModels
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.model_folder import ModelFolder, ModelSummary
from fer_hub.hub.references import list_models, resolve
from fer_hub.published_datasets import short_title
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.vision.detection import FaceDetector

if TYPE_CHECKING:
    from fer_hub.evaluation.predictions import Predictions

MAX_CARD_CHARACTERS = 200_000

MAX_PARAMETERS = 300_000_000
"""Of all networks in memory together, and of one ensemble: 1.2 GB."""

MOST_TOGETHER = 4
"""Models of one ensemble; one that is named twice counts once."""

MAX_BROUGHT = 20
"""Models that visitors fetched from the Hub; they are on the disk, at most 1 GiB each."""


class Recognizers:
    """The host's models, and those that visitors bring from the Hub; nobody can name another file of the server."""

    def __init__(self, references: list[str]) -> None:
        if not references:
            raise InputError("the demo needs at least one model; there is none in fer_hub/bundled.")
        self.references = references
        self._summaries = list_models(references)
        self._detector = FaceDetector()
        self._memory = ModelCache(MAX_PARAMETERS)
        self._brought = VisitorModels(MAX_BROUGHT)
        self._milliseconds: dict[str, float] = {}

    def models(self) -> list[dict[str, Any]]:
        """Reference, architecture, parameters, accuracy and dataset of each of the host's models, default first."""
        return [asdict(model) for model in self._summaries]

    def choices(self, brought: Sequence[str] = ()) -> list[tuple[str, str]]:
        """What a menu shows for each model, and its reference; `brought` are those of one visitor."""
        further = [summary for reference in brought if (summary := self._brought.summary(reference))]
        return [(_describe(model), model.reference) for model in [*self._summaries, *further]]

    def bring(self, reference: str) -> None:
        """Fetch a public model of the Hub, `owner/name[@revision]`, and load it. Raises FerHubError with a reason."""
        if reference in self.references:
            return
        summary = self._brought.fetch(reference)
        try:
            if summary.parameters > MAX_PARAMETERS:
                raise InputError(
                    f"{reference} is too large for this demo: {summary.parameters / 1e6:,.0f} M parameters, at most "
                    f"{MAX_PARAMETERS / 1e6:.0f} M are expected."
                )
            self.get([reference])
        except InputError:
            self._brought.drop(reference)
            raise

    def public(self, references: Iterable[str]) -> list[str]:
        """Those models of the Hub that anybody may use, and that are not at hand already."""
        return self._brought.public(reference for reference in references if reference not in self.references)

    def get(self, references: list[str] | str | None) -> ExpressionRecognizer:
        """The recognizer of one or several of the models; none means the default."""
        chosen = [references] if isinstance(references, str) else references or self.references[:1]
        chosen = list(dict.fromkeys(chosen))
        if len(chosen) > MOST_TOGETHER:
            raise InputError(f"{len(chosen)} models are too many at once; choose at most {MOST_TOGETHER}.")
        classifiers, parameters = [], 0
        for reference in chosen:
            with self._named(reference) as folder:
                classifiers.append(self._memory.get(folder))
            parameters += sum(weights.numel() for weights in classifiers[-1].network.parameters())
            if len(classifiers) > 1 and parameters > MAX_PARAMETERS:
                raise InputError(
                    f"these models are too large together: more than {MAX_PARAMETERS / 1e6:.0f} M parameters; choose "
                    "fewer."
                )
        return ExpressionRecognizer(classifiers, self._detector)

    def milliseconds(self, reference: str) -> float:
        """What this machine takes, at best, for one face that is found already; measured once."""
        if reference not in self._milliseconds:
            ensemble = self.get(reference).ensemble
            crops = ensemble.crops([np.zeros((96, 96, 3), np.uint8)])
            spent = []
            for _ in range(10):
                began = perf_counter()
                ensemble.probabilities(crops)
                spent.append(perf_counter() - began)
            self._milliseconds[reference] = 1000 * min(spent)
        return self._milliseconds[reference]

    def evaluation(self, reference: str) -> EvaluationReport:
        """A model's own evaluation."""
        with self._named(reference) as folder:
            return folder.evaluation

    def predictions(self, reference: str) -> "Predictions":
        """What that was computed from, picture by picture."""
        with self._named(reference) as folder:
            return folder.predictions

    def folder(self, reference: str) -> ModelFolder:
        """A model's folder."""
        if reference in self.references:
            return resolve(reference)
        if (folder := self._brought.folder(reference)) is None:
            raise InputError(f"no model {reference!r} here; choose one of: {', '.join(self.references)}.")
        return folder

    def card(self, reference: str) -> str:
        """A model's card, as Markdown that a stranger may have written; empty where there is none to be read."""
        try:
            return self.folder(reference).card[:MAX_CARD_CHARACTERS]
        except InputError:
            return ""

    @contextmanager
    def _named(self, reference: str) -> Iterator[ModelFolder]:
        """A model's folder, while errors speak of the model: where things lie here is nothing to a visitor."""
        folder = self.folder(reference)
        try:
            yield folder
        except InputError as error:
            raise InputError(str(error).replace(str(folder), reference)) from None


def named_right(accuracy: float | None, dataset: str | None) -> str:
    """A model's accuracy with what it was measured on; both may be a stranger's words."""
    if accuracy is None:
        return "not evaluated"
    return f"{accuracy:.1%} on {short_title(dataset or '')}"


def _describe(model: ModelSummary) -> str:
    share = named_right(model.accuracy, model.dataset)
    return f"{model.reference} ({share}, {model.parameters / 1e6:.1f} M parameters)"
