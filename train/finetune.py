# /// script
# requires-python = ">=3.11"
# dependencies = []  # uv run --with "fer-hub[train] @ git+ADDRESS": the package brings its own
# ///
"""Train a network to name facial expressions.

    python train/finetune.py --architecture simple_cnn --dataset DIR --output runs/simple

load -> train and choose -> calibrate on validation -> evaluate on test once -> model folder.
"""

import sys
from contextlib import nullcontext
from pathlib import Path

import torch
from accelerate import Accelerator

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.errors import run_command
from fer_hub.files import new_folder, refuse_existing
from fer_hub.hub.client import full_name
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.logs import log_to_stdout
from fer_hub.models import build_network
from fer_hub.training.augmentation import preview_augmentation
from fer_hub.training.batches import TrainingBatches
from fer_hub.training.config.file import write_config
from fer_hub.training.config.finetune import FinetuneConfig
from fer_hub.training.config.flags import parse_config
from fer_hub.training.initial_weights import find_initial_weights
from fer_hub.training.loss import Loss
from fer_hub.training.packaging import calibrate, evaluate_once
from fer_hub.training.preparation import describe_model, open_dataset, provenance, read_splits, run_identity
from fer_hub.training.run.checkpoint import Checkpoint, refuse_nothing
from fer_hub.training.run.devices import start_accelerator
from fer_hub.training.run.estimate import describe_run
from fer_hub.training.run.output import claimed_run
from fer_hub.training.run.run_logger import RunLogger, start_tracker
from fer_hub.training.targets import training_targets
from fer_hub.training.trainer import Trainer, is_finished, planned_epochs


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    config = parse_config(arguments)
    accelerator = start_accelerator(config.run.device, config.optimisation)
    only_looks = config.run.dry_run or config.run.preview_augmentation is not None
    with claimed_run(config.output_folder) if accelerator.is_main_process and not only_looks else nullcontext():
        finetune(config, accelerator)
    accelerator.end_training()


def finetune(config: FinetuneConfig, accelerator: Accelerator) -> None:
    """The walk from a configuration to a model folder, and to the Hub where that is asked for."""
    run, output, is_main = config.run, config.output_folder, accelerator.is_main_process
    repository = None if run.push is None else full_name(run.push)
    torch.manual_seed(run.seed)

    if run.resume:
        refuse_nothing(output / "checkpoint")
    initial = find_initial_weights(config.network, run.resume)
    dataset = open_dataset(config.data, config.targets)
    checkpoint = Checkpoint(output / "checkpoint", run_identity(config, dataset))
    saved = checkpoint.load() if run.resume else None
    if saved is None or is_finished(saved, config.optimisation):
        refuse_existing(output / "model", "extend its run with --resume and more --epochs")
    if saved is None:
        checkpoint.refuse_existing()
    train, validation, test = read_splits(dataset, config.data, initial, run.seed)
    record = provenance(config, dataset, initial, train, planned_epochs(saved, config.optimisation))
    model_config = describe_model(config.network, initial, train, run.seed, record)
    if run.preview_augmentation:
        preview_augmentation(Path(run.preview_augmentation), train, config.augmentation, model_config, run.seed)
        return

    network = build_network(model_config)
    initial.initialise(network, model_config.labels)
    groups = config.optimisation, config.augmentation, accelerator
    accelerator.print(describe_run(network, model_config, train, validation, *groups))
    if run.dry_run:
        return

    targets = training_targets(train, config.targets, accelerator.device)
    loss = Loss(config.targets, model_config, targets, accelerator.device)
    batches = TrainingBatches(train, targets, config.optimisation.batch_size, run.seed, accelerator)
    trainer = Trainer(network, model_config, batches, validation, loss, *groups, checkpoint)
    if is_main:
        write_config(output, config)
    tracker = start_tracker(run.track, output, config.settings()) if run.track and is_main else None
    with RunLogger(output, model_config.labels, tracker) as run_logger:
        trainer.fit(saved, after_epoch=run_logger)
    if not is_main:
        return

    with new_folder(output / "model", replace=saved is not None) as folder:
        classifier = calibrate(folder, network, model_config, validation, accelerator.device)
        report = evaluate_once(folder, classifier, test, seen=(train, validation), name=output.name)
        ModelFolder(folder).write_card()
    low, high = report.accuracy_ci95
    print(
        f"{report.split}: accuracy {report.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}), "
        f"macro F1 {report.macro_f1:.3f}, calibration error {report.expected_calibration_error:.3f}."
    )
    print(f"Model folder: {output / 'model'}")
    if repository is not None:
        print(f"Pushed: {ModelFolder(output / 'model').push(repository, public=run.public)}")


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command with --resume continues here."))
