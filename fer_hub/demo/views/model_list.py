"""Models as a table and as lines of a menu. Strangers wrote some of it: names, datasets, architectures."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fer_hub.demo.state.recognizers import named_right
from fer_hub.demo.views.templating import render
from fer_hub.errors import plain
from fer_hub.hub.catalogue import ListedModel
from fer_hub.published_datasets import short_title


def models_table(models: Sequence[Mapping[str, Any]], speeds: Mapping[str, float] | None = None) -> Markup:
    """The models at hand, as `Recognizers.models` gives them: accuracy, size and network of each.

    `speeds` are milliseconds a face by reference, where they are measured.
    """
    rows = [
        {
            **model,
            "purpose": model["purpose"] or _as_labelled(model["dataset"]),
            "named_right": named_right(model["accuracy"], model["dataset"]),
            "milliseconds": (speeds or {}).get(model["reference"]),
        }
        for model in models
    ]
    return render("models/table", models=rows)


def _as_labelled(dataset: str | None) -> str:
    return f"expressions as {short_title(dataset)} labels them" if dataset else ""


def listed_line(model: ListedModel) -> str:
    """What the list of models that can be brought shows of one, as plain text."""
    accuracy = named_right(model.accuracy, model.dataset)
    size = [f"{model.parameters / 1e6:.1f} M parameters"] if model.parameters else []
    weight = [f"{model.bytes / 1e6:.1f} MB"] if model.bytes else []
    date = [model.date] if model.date else []
    return f"{plain(model.reference, 200)} ({', '.join([accuracy, *size, *weight, *date])})"
