"""Train a network to name facial expressions.

    python train/finetune.py --architecture simple_cnn --dataset DIR --output runs/simple

load -> train and choose -> calibrate on validation -> evaluate on test once -> model folder.
"""

import json
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.classifier import ExpressionClassifier
from fer_hub.errors import run_command
from fer_hub.evaluation import evaluate, fit_temperature
from fer_hub.models import ARCHITECTURES, ModelConfig, build_network, count_parameters
from fer_hub.report import EvaluationReport
from train.checkpoint import Checkpoint
from train.config import FinetuneConfig, parse_config, pick_device
from train.data import load_splits
from train.geometry import measure_geometry
from train.loop import fit
from train.publishing import EVALUATION_FILE, new_folder, refuse_existing, versions, write_card, write_evaluation
from train.reference import Dataset
from train.split import Split


def main(arguments: list[str] | None = None) -> None:
    config = parse_config(arguments)
    device = pick_device(config.device)
    folder = config.output_folder / "model"
    refuse_existing(folder)
    torch.manual_seed(config.seed)

    architecture = ARCHITECTURES[config.architecture]
    dataset = Dataset(config.dataset, config.image_column, config.label_column)
    checkpoint = Checkpoint(config.output_folder / "checkpoint", run_identity(config, dataset))
    if not config.resume:
        checkpoint.refuse_existing()
    side, grey = dataset.look()
    # No more detail than the network takes or the pictures have; grey pictures are held as one channel.
    size, channels = min(side, architecture.native_size), 1 if grey else architecture.native_channels
    train, validation, test = load_splits(
        dataset, size, channels, config.validation_share, config.seed, config.max_train_images
    )
    model_config = describe_model(config, dataset, train)
    network = build_network(model_config)
    print(
        f"{config.architecture}: {count_parameters(network):,} parameters, {len(train):,} training pictures of "
        f"{size} px, on {device}."
    )
    history = fit(network, train, validation, config, model_config, device, checkpoint)

    config.output_folder.mkdir(parents=True, exist_ok=True)
    (config.output_folder / "history.json").write_text(json.dumps(history, indent=2) + "\n", encoding="utf-8")
    with new_folder(folder) as unfinished:
        report = write_model(unfinished, network, model_config, (train, validation, test), dataset, config)
    checkpoint.delete()
    low, high = report.accuracy_ci95
    print(
        f"{report.split}: accuracy {report.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}), "
        f"macro F1 {report.macro_f1:.3f}, calibration error {report.expected_calibration_error:.3f}."
    )
    print(f"Model folder: {folder}")


def run_identity(config: FinetuneConfig, dataset: Dataset) -> dict[str, Any]:
    """What two runs must share for one to continue the other."""
    elsewhere = ("dataset", "output", "device", "resume")  # what may change on the way to the same weights
    settings = {name: value for name, value in asdict(config).items() if name not in elsewhere}
    return {**settings, "dataset_revision": dataset.revision}


def describe_model(config: FinetuneConfig, dataset: Dataset, train: Split) -> ModelConfig:
    """What the weights will need: input, normalisation and crop geometry are measured on the training pictures."""
    architecture = ARCHITECTURES[config.architecture]
    geometry, found, looked_at = measure_geometry(train, config.seed)
    print(f"Crop geometry: the face finder works on {found} of {looked_at} training pictures.")
    mean, std = train.pixel_statistics()
    channels = architecture.native_channels
    return ModelConfig(
        architecture=config.architecture,
        dropout=architecture.native_dropout if config.dropout is None else config.dropout,
        labels=train.label_names,
        input_size=architecture.native_size,
        channels=channels,
        grey=len(mean) == 1,
        mean=tuple(round(value, 4) for value in mean.expand(channels).tolist()),
        std=tuple(round(value, 4) for value in std.clamp(min=1e-3).expand(channels).tolist()),
        crop=geometry,
        training={
            "command": f"python train/finetune.py {shlex.join(_flags(config))}".strip(),
            "config": asdict(replace(config, resume=False)),
            "dataset": config.dataset,
            "dataset_revision": dataset.revision,
            "images": len(train),
            "geometry_measured_on": found,
            "versions": versions(),
        },
    )


def write_model(
    folder: Path,
    network: nn.Module,
    model_config: ModelConfig,
    splits: tuple[Split, Split, Split],
    dataset: Dataset,
    config: FinetuneConfig,
) -> EvaluationReport:
    """Write the model folder. Calibration and evaluation use the weights as stored, in half precision."""
    train, validation, test = splits
    ExpressionClassifier(network, model_config).save(folder)
    stored = ExpressionClassifier.load(folder, pick_device(config.device))
    temperature = fit_temperature(stored.logits(validation.pictures).numpy(), validation.labels.numpy())
    model_config = model_config.model_copy(update={"temperature": round(temperature, 4)})
    ExpressionClassifier(stored.network, model_config).save(folder)
    stored = ExpressionClassifier.load(folder, pick_device(config.device))
    probabilities = stored.probabilities(test.pictures).numpy()
    report = evaluate(
        test.labels.numpy(),
        probabilities,
        model_config.labels,
        seen=np.isin(test.content_keys(), np.concatenate([train.content_keys(), validation.content_keys()])),
        model=config.output_folder.name,
        dataset=config.dataset,
        dataset_revision=dataset.revision,
        split=test.name,
        temperature=model_config.temperature,
    )
    write_evaluation(folder / EVALUATION_FILE, report, test.index, test.labels.numpy(), probabilities)
    write_card(folder, model_config, report)
    return report


def _flags(config: FinetuneConfig) -> list[str]:
    """The command line that gives this configuration again: every setting that is not the default."""
    default, flags = asdict(FinetuneConfig()), []
    for name, value in asdict(config).items():
        if value != default[name] and name != "resume":
            flag = name.replace("_", "-")
            flags += (
                [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", f"{value}"]
            )
    return flags


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command with --resume continues after the last epoch."))
