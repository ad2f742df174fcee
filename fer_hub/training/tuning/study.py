"""The study of a search: what is varied, the file it lies in, and what it found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from fer_hub.errors import InputError, first_line
from fer_hub.expressions import COLOURS
from fer_hub.training.tuning.sharing import alone

STUDY_FILE = "study.log"
NAME = "tuning"


def report_space(trial: optuna.Trial, rate: float) -> dict[str, Any]:
    """The report's: batch size 16-64, dropout 0.3-0.5, and a tenth to ten times the recipe's learning rate."""
    return {
        "batch_size": trial.suggest_categorical("batch_size", [16, 32, 64]),
        "dropout": trial.suggest_categorical("dropout", [0.3, 0.4, 0.5]),
        "learning_rate": trial.suggest_float("learning_rate", rate / 10, min(rate * 10, 10), log=True),
    }


def wide_space(trial: optuna.Trial, rate: float) -> dict[str, Any]:
    """The same, wider, with regularisation and augmentation."""
    return {
        "batch_size": trial.suggest_categorical("batch_size", [16, 32, 64, 128, 256]),
        "dropout": trial.suggest_float("dropout", 0, 0.6),
        "learning_rate": trial.suggest_float("learning_rate", rate / 10, min(rate * 10, 10), log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True),
        "label_smoothing": trial.suggest_float("label_smoothing", 0, 0.2),
        "rotation": trial.suggest_float("rotation", 0, 30),
        "zoom": trial.suggest_float("zoom", 0, 0.4),
        "translation": trial.suggest_float("translation", 0, 0.2),
        "random_erasing": trial.suggest_float("random_erasing", 0, 0.6),
    }


Space = Callable[[optuna.Trial, float], dict[str, Any]]
"""A trial and the recipe's learning rate -> settings to try."""

SPACES: dict[str, Space] = {
    "report": report_space,
    "wide": wide_space,
}


def storage_in(folder: Path) -> JournalStorage:
    """Where a folder's study lies: a journal, which several processes can write to (SQLite is not made for that)."""
    return JournalStorage(JournalFileBackend(str(folder / STUDY_FILE)))


def open_study(folder: Path, epochs: int, identity: dict[str, Any]) -> optuna.Study:
    """Open the study in a folder, or begin it; each trial is of so many epochs. Several processes can do so.

    Raises InputError where the study there belongs to another search: has another `identity`.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file = folder / STUDY_FILE
    # Not before a fifth of the epochs, and not before there are four others to judge by.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=epochs // 5)
    identity = json.loads(json.dumps(identity))
    with alone(folder):
        try:
            study = optuna.create_study(
                study_name=NAME, storage=storage_in(folder), direction="maximize", pruner=pruner, load_if_exists=True
            )
        except Exception as error:  # a file that is not its own raises many kinds
            reason = first_line(error)
            raise InputError(f"{file} cannot be used ({reason}); move it away, or choose another --output.") from None
        for name, value in study.user_attrs.get("identity", {}).items():
            if identity.get(name) != value:
                raise InputError(
                    f"{file} was begun with {name} {value!r}, not {identity.get(name)!r}; give the same settings, or "
                    "another --output to start anew."
                )
        if "identity" not in study.user_attrs:
            study.set_user_attr("identity", identity)
    return study


def table(study: optuna.Study, count: int = 10) -> str:
    """The best trials that ran to their end, one a line."""
    best = sorted(study.get_trials(states=[TrialState.COMPLETE]), key=lambda trial: -(trial.value or 0.0))[:count]
    lines = ["  ".join(["trial", "accuracy", *best[0].params])]
    for trial in best:
        settings = [f"{value:>{len(name)}}" for name, value in rounded(trial.params).items()]
        lines.append("  ".join([f"{trial.number:5}", f"{trial.value:8.1%}", *settings]))
    return "\n".join(lines)


def draw_trials(study: optuna.Study) -> Figure:
    """One panel for each setting: its value against the accuracy reached; crosses are trials that were cut short."""
    shown = [trial for trial in study.trials if trial.value is not None]
    names = list(study.best_params)
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(3.4 * columns, 3 * rows), dpi=150, facecolor="white", layout="constrained")
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(rows, columns, place)
        for state, marker in ((TrialState.COMPLETE, "o"), (TrialState.PRUNED, "x")):
            points = [(trial.params[name], trial.value) for trial in shown if trial.state == state]
            axes.scatter(*zip(*points, strict=True), marker=marker, color=COLOURS["sad"]) if points else None
        axes.scatter(study.best_params[name], study.best_value, s=120, facecolor="none", edgecolor=COLOURS["angry"])
        axes.set(xlabel=name, ylabel="validation accuracy" if place % columns == 1 else "")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        if getattr(study.best_trial.distributions[name], "log", False):
            axes.set_xscale("log")
    return figure


def rounded(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with three digits: enough of any, and they can be typed."""
    return {name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in settings.items()}
