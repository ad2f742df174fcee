"""The commands on a card that measure a model's accuracy again."""

import shlex
from typing import Any

from fer_hub.errors import plain
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.models.config import ModelConfig
from fer_hub.published_datasets import without_path

_USUAL = {"image_column": "image", "label_column": "label"}
"""Columns that are found without being named."""


def measuring_commands(config: ModelConfig, report: EvaluationReport, name: str) -> list[str]:
    """Command lines that end in a report like this one; none where the run itself put aside what it was measured on.

    Columns are named as they were for the training, and where that cut faces out of photos, so does the first command.
    """
    training = config.training.get("config")
    dataset, commands = plain(without_path(report.dataset), 300), []
    same = isinstance(training, dict) and without_path(str(training.get("dataset"))) == without_path(report.dataset)
    said: dict[str, Any] = training if isinstance(training, dict) and same else {}
    splits = config.training.get("splits")
    if said and isinstance(splits, list) and report.split not in splits:
        return []
    columns = [
        word
        for flag, usual in _USUAL.items()
        if said.get(flag) not in (None, usual)
        for word in (f"--{flag.replace('_', '-')}", plain(str(said[flag])))
    ]
    if said.get("crop") in ("landmarks", "box"):
        faces = f"{dataset.rstrip('/').rpartition('/')[2].partition('@')[0]}-faces"
        cut = ["--raw", dataset, "--output", faces, "--crop", said["crop"], "--classes", "8", *columns]
        further = [*_words(said.get("auxiliary")), *_words(said.get("values"))]
        vocabulary = _words(said.get("vocabulary"))
        cut += ["--vocabulary", *vocabulary] * bool(vocabulary) + ["--keep", *further] * bool(further)
        commands.append(shlex.join(["python", "train/prepare_data.py", "folder", *cut]))
        dataset, columns = faces, []
    where = ["--dataset", dataset, "--split", plain(report.split, 300), *columns, "--output", "report.json"]
    robustness = ["--robustness"] if report.robustness else []
    commands.append(shlex.join(["python", "train/evaluate.py", "--model", plain(name), *where, *robustness]))
    return commands


def _words(said: Any) -> list[str]:
    return [plain(str(word)) for word in said] if isinstance(said, list | tuple) else []
