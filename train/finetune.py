# /// script
# requires-python = ">=3.11"
# dependencies = []  # uv run --with "fer-hub @ git+ADDRESS": the package brings its own
# ///
"""Train a network to name facial expressions.

    python train/finetune.py --architecture simple_cnn --dataset DIR --output runs/simple

load -> train and choose -> calibrate on validation -> evaluate on test once -> model folder.
"""

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

from fer_hub.data.geometry import measure_geometry
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.data.splits import load_splits
from fer_hub.errors import run_command
from fer_hub.evaluation.metrics import evaluate, fit_temperature
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE, new_folder, refuse_existing
from fer_hub.hub.cards.card import write_card
from fer_hub.hub.client import full_name
from fer_hub.hub.upload import push_model
from fer_hub.models import ModelConfig, build_network, find_architecture
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.training.augmentation import preview_augmentation
from fer_hub.training.checkpoint import Checkpoint
from fer_hub.training.config import FinetuneConfig, parse_config
from fer_hub.training.devices import pick_device, start_accelerator
from fer_hub.training.estimate import describe_run
from fer_hub.training.initial_weights import InitialWeights, find_initial_weights
from fer_hub.training.run_logger import RunLogger
from fer_hub.training.trainer import fit
from fer_hub.versions import versions


def main(arguments: list[str] | None = None) -> None:
    config = parse_config(arguments)
    accelerator = start_accelerator(config)
    folder = config.output_folder / "model"
    refuse_existing(folder)
    repository = None if config.push is None else full_name(config.push)
    torch.manual_seed(config.seed)

    start = find_initial_weights(config)
    dataset = open_dataset(config)
    checkpoint = Checkpoint(config.output_folder / "checkpoint", run_identity(config, dataset))
    if not config.resume:
        checkpoint.refuse_existing()
    train, validation, test = read_data(config, start, dataset)
    model_config = describe_model(config, start, dataset, train)
    if config.preview_augmentation:
        preview_augmentation(Path(config.preview_augmentation), train, config, model_config)
        print(f"Augmented pictures: {config.preview_augmentation}")
        return
    network = build_network(model_config)
    start.initialise(network, model_config.labels)
    accelerator.print(describe_run(network, train, validation, config, model_config, accelerator))
    if config.dry_run:
        return
    record = RunLogger(replace(config, track=config.track and accelerator.is_main_process), train.label_names)
    fit(network, train, validation, config, model_config, accelerator, checkpoint, after_epoch=record)
    record.finish()

    if accelerator.is_main_process:
        with new_folder(folder) as unfinished:
            report = write_model(unfinished, network, model_config, (train, validation, test), dataset, config)
        checkpoint.delete()
        low, high = report.accuracy_ci95
        print(
            f"{report.split}: accuracy {report.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}), "
            f"macro F1 {report.macro_f1:.3f}, calibration error {report.expected_calibration_error:.3f}."
        )
        print(f"Model folder: {folder}")
        if repository is not None:
            print(f"Pushed: {push_model(folder, repository, config.private)}")
    accelerator.end_training()


def open_dataset(config: FinetuneConfig) -> Dataset:
    """The dataset, with all that the configuration learns of it."""
    columns = config.image_column, config.label_column, config.auxiliary
    return Dataset(config.dataset, *columns, votes=config.targets == "votes")


def read_data(config: FinetuneConfig, start: InitialWeights, dataset: Dataset) -> tuple[Split, Split, Split]:
    """Train, validation and test, in no more detail than the network takes or the pictures have.

    Grey pictures are held as one channel.
    """
    side, grey = dataset.look()
    size, channels = min(side, start.input_size), 1 if grey else start.channels
    return load_splits(dataset, size, channels, config.validation_share, config.seed, config.max_train_images)


def run_identity(config: FinetuneConfig, dataset: Dataset) -> dict[str, Any]:
    """What two runs must share for one to continue the other."""
    # What may change on the way to the same weights.
    elsewhere = ("dataset", "output", "device", "resume", "dry_run", "preview_augmentation", "track", "push", "private")
    settings = {name: value for name, value in asdict(config).items() if name not in elsewhere}
    return {**settings, "dataset_revision": dataset.revision}


def describe_model(config: FinetuneConfig, start: InitialWeights, dataset: Dataset, train: Split) -> ModelConfig:
    """What the weights will need: crop geometry, and normalisation unless the start has one, are measured here."""
    architecture = find_architecture(config.architecture)
    geometry, found, looked_at = measure_geometry(train, config.seed)
    print(f"Crop geometry: the face detector works on {found} of {looked_at} training pictures.")
    mean, std = train.pixel_statistics()
    channels = start.channels
    return ModelConfig(
        architecture=config.architecture,
        dropout=architecture.native_dropout if config.dropout is None else config.dropout,
        labels=train.label_names,
        input_size=start.input_size,
        channels=channels,
        grey=len(mean) == 1,
        mean=start.mean or tuple(round(value, 4) for value in mean.expand(channels).tolist()),
        std=start.std or tuple(round(value, 4) for value in std.clamp(min=1e-3).expand(channels).tolist()),
        crop=geometry,
        mirror=config.tta_flip,
        training={
            "command": command(config),
            "config": asdict(replace(config, resume=False, push=None, private=False)),
            "dataset": config.dataset,
            "dataset_revision": dataset.revision,
            "images": len(train),
            "started_from": start.source,
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
    predictions = Predictions(model_config.labels, test.index, test.labels.numpy(), probabilities)
    report = evaluate(
        predictions,
        seen=np.isin(test.content_keys(), np.concatenate([train.content_keys(), validation.content_keys()])),
        model=config.output_folder.name,
        dataset=config.dataset,
        dataset_revision=dataset.revision,
        split=test.name,
        temperature=model_config.temperature,
    )
    report.save(folder / EVALUATION_FILE)
    predictions.save(folder / PREDICTIONS_FILE)
    write_card(folder, model_config, report)
    return report


def command(config: FinetuneConfig) -> str:
    """The command line that gives this configuration again: every setting that is not the default."""
    default, flags = asdict(FinetuneConfig()), []
    for name, value in asdict(config).items():
        flag = name.replace("_", "-")
        if value == default[name] or name in ("resume", "push", "private"):
            continue
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            flags += [f"--{flag}", *(map(str, value) if isinstance(value, tuple) else [str(value)])]
    return f"python train/finetune.py {shlex.join(flags)}".strip()


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command with --resume continues here."))
