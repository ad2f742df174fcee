"""The models a demo offers, loaded when first asked for."""

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from fer_hub.errors import InputError
from fer_hub.faces import FaceFinder
from fer_hub.folder import CARD_FILE, model_file
from fer_hub.foreign import load_classifier
from fer_hub.hub import ModelSummary, list_models, read_evaluation, resolve
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.report import EvaluationReport

MAX_CARD_BYTES = 200_000


class Recognizers:
    """A fixed list of model references: visitors choose among them, and can name no other file of the server."""

    def __init__(self, references: list[str]) -> None:
        if not references:
            raise InputError("the demo needs at least one model; there is none in fer_hub/bundled.")
        self.references = references
        self._summaries = list_models(references)
        self._finder = FaceFinder()
        self._load = lru_cache(maxsize=4)(lambda reference: load_classifier(resolve(reference)))

    def models(self) -> list[dict[str, Any]]:
        """Reference, architecture, parameters, accuracy and dataset of each model, default first."""
        return [asdict(model) for model in self._summaries]

    def choices(self) -> list[tuple[str, str]]:
        """What a menu shows for each model, and its reference."""
        return [(_describe(model), model.reference) for model in self._summaries]

    def get(self, references: list[str] | str | None) -> ExpressionRecognizer:
        """The recognizer of one or several of the models; none means the default."""
        chosen = [references] if isinstance(references, str) else references or self.references[:1]
        return ExpressionRecognizer([self._load(self._known(reference)) for reference in chosen], self._finder)

    def evaluation(self, reference: str) -> EvaluationReport:
        """A model's own evaluation."""
        return read_evaluation(self._known(reference))

    def folder(self, reference: str) -> Path:
        """A model's folder."""
        return resolve(self._known(reference))

    def card(self, reference: str) -> str:
        """A model's card, as Markdown that a stranger may have written; empty where there is none to be read."""
        try:
            file = model_file(self.folder(reference), CARD_FILE)
        except InputError:
            return ""
        return file.read_bytes()[:MAX_CARD_BYTES].decode("utf-8", "replace")

    def _known(self, reference: str) -> str:
        if reference not in self.references:
            raise InputError(f"no model {reference!r} here; choose one of: {', '.join(self.references)}.")
        return reference


def _describe(model: ModelSummary) -> str:
    accuracy = "not evaluated" if model.accuracy is None else f"{model.accuracy:.1%}"
    return f"{model.reference} ({accuracy}, {model.parameters / 1e6:.1f} M parameters)"
