"""A run to look at: history.json and curves.png in the output folder, and a tracker while it lasts."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from accelerate.tracking import GeneralTracker, TensorBoardTracker, TrackioTracker, WandBTracker
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fer_hub.errors import InputError
from fer_hub.files import replace_file

HISTORY_FILE = "history.json"
CURVES_FILE = "curves.png"


class RunLogger:
    """Takes the history after each epoch."""

    def __init__(self, folder: Path, labels: tuple[str, ...], tracker: GeneralTracker | None = None) -> None:
        """`tracker` shows the run elsewhere too; it is finished on leaving the logger's context."""
        self._labels, self._folder, self._tracker = labels, folder, tracker

    def __call__(self, history: list[dict[str, float]], confusion: np.ndarray) -> None:
        """Write the files anew; send the last epoch to the tracker."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._folder / HISTORY_FILE, (json.dumps(history, indent=2) + "\n").encode())
        draw_curves(history).savefig(self._folder / CURVES_FILE)
        if self._tracker is not None:
            values: dict[str, Any] = {name: value for name, value in history[-1].items() if name != "epoch"}
            table = pd.DataFrame(confusion, columns=list(self._labels))
            table.insert(0, "labelled as", self._labels)
            if self._tracker.name == "trackio":
                values["confusion"] = import_module("trackio").Table(dataframe=table)
            elif self._tracker.name == "wandb":
                self._tracker.log_table("confusion", dataframe=table, step=len(history))
            self._tracker.log(values, step=len(history))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tracker is not None:
            self._tracker.finish()


def start_tracker(name: str, folder: Path, settings: dict[str, Any]) -> GeneralTracker:
    """Begin to show a run, named as its output folder, in trackio, TensorBoard or W&B, through accelerate.

    Raises InputError where that is not installed.
    """
    if find_spec(name) is None:
        raise InputError(f"--track {name} needs {name}; pip install {name}, or leave --track out.")
    known = {key: value for key, value in settings.items() if value is not None}
    shown = {key: str(value) if isinstance(value, tuple) else value for key, value in known.items()}
    if name == "tensorboard":  # writes into DIR/tensorboard
        tracker = TensorBoardTracker(name, logging_dir=folder)
    elif name == "wandb":
        tracker = WandBTracker("fer-hub", name=folder.name, config=shown, dir=str(folder))
    else:
        tracker = TrackioTracker("fer-hub", name=folder.name, config=shown, resume="allow", embed=False)
    tracker.start()
    if name == "tensorboard":
        tracker.store_init_configuration(shown)
    return tracker


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
