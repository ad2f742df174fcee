"""A run to look at: history.json and curves.png in the output folder, and trackio while it lasts."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fer_hub.errors import InputError
from fer_hub.files import replace_file

HISTORY_FILE = "history.json"
CURVES_FILE = "curves.png"


class RunLogger:
    """Takes the history after each epoch."""

    def __init__(self, folder: Path, labels: tuple[str, ...], tracked: dict[str, Any] | None = None) -> None:
        """`tracked` are the settings to show in trackio, None for not there. Raises InputError where it is missing."""
        self._labels, self._folder = labels, folder
        self._trackio = None if tracked is None else import_trackio()
        if self._trackio is not None:
            settings = {name: value for name, value in (tracked or {}).items() if value is not None}
            self._trackio.init(project="fer-hub", name=folder.name, config=settings, resume="allow", embed=False)

    def __call__(self, history: list[dict[str, float]], confusion: np.ndarray) -> None:
        """Write the files anew; send the last epoch to trackio."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._folder / HISTORY_FILE, (json.dumps(history, indent=2) + "\n").encode())
        draw_curves(history).savefig(self._folder / CURVES_FILE)
        if self._trackio is not None:
            metrics = {name: value for name, value in history[-1].items() if name != "epoch"}
            table = pd.DataFrame(confusion, columns=list(self._labels))
            table.insert(0, "labelled as", self._labels)
            self._trackio.log({**metrics, "confusion": self._trackio.Table(dataframe=table)}, len(history))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._trackio is not None:
            self._trackio.finish()


def draw_curves(history: list[dict[str, float]]) -> Figure:
    """Loss and accuracy of training and validation, epoch by epoch."""
    epochs = [epoch["epoch"] for epoch in history]
    figure = Figure(figsize=(10, 4), dpi=120, facecolor="white", layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, style, label in (("", "--", "training, augmented"), ("validation_", "-", "validation")):
            axes.plot(epochs, [epoch[prefix + name] for epoch in history], style, marker=".", label=label)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def import_trackio() -> Any:
    try:
        import trackio  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise InputError("--track needs trackio; pip install trackio, or leave --track out.") from None
    return trackio
