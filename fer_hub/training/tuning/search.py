"""The trials of a search: each a short training, of which the hopeless are cut short."""

import logging
from pathlib import Path

import numpy as np
import optuna
import torch
from optuna.trial import TrialState

from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.errors import InputError, first_line
from fer_hub.models import ModelConfig, build_network
from fer_hub.training.batches import TrainingBatches
from fer_hub.training.config.finetune import FinetuneConfig
from fer_hub.training.initial_weights import InitialWeights, find_initial_weights
from fer_hub.training.loss import Loss
from fer_hub.training.preparation import describe_model, read_splits, run_identity
from fer_hub.training.run.checkpoint import Checkpoint
from fer_hub.training.run.devices import pick_device, start_accelerator
from fer_hub.training.targets import TrainingTargets, training_targets
from fer_hub.training.trainer import History, Trainer
from fer_hub.training.tuning.sharing import STATES, trials_to_run
from fer_hub.training.tuning.study import Space, rounded

logger = logging.getLogger(__name__)


def search(study: optuna.Study, trials: int, space: Space, config: FinetuneConfig, dataset: Dataset) -> None:
    """Run trials until so many are finished, here or by other processes; what each came to is in the study at once."""
    start = find_initial_weights(config.network)
    train, validation, _ = read_splits(dataset, config.data, start, config.run.seed)
    record = {"dataset_revision": dataset.revision}  # by which the crop geometry is remembered
    model_config = describe_model(config.network, start, train, config.run.seed, record)
    targets = training_targets(train, config.targets, pick_device(config.run.device))
    folder = Path(config.run.output)
    for trial in trials_to_run(study, trials, folder, config.run.seed):
        settings = rounded(space(trial, config.optimisation.learning_rate))
        logger.info("Trial %d: %s", trial.number, ", ".join(f"{name} {value}" for name, value in settings.items()))
        trial_config = config.replace(**settings)
        checkpoint = Checkpoint(folder / STATES / str(trial.number), run_identity(trial_config, dataset))
        state, value = TrialState.COMPLETE, None
        try:
            value = train_trial(trial, trial_config, start, model_config, train, validation, targets, checkpoint)
        except optuna.TrialPruned:
            state = TrialState.PRUNED
            logger.info("Trial %d: worse than half of the others at this point; stopped.", trial.number)
        except (InputError, torch.OutOfMemoryError) as error:
            state = TrialState.FAIL
            logger.info("Trial %d failed: %s", trial.number, first_line(error))
        checkpoint.delete()
        study.tell(trial, value, state)


def train_trial(
    trial: optuna.Trial,
    config: FinetuneConfig,
    start: InitialWeights,
    model_config: ModelConfig,
    train: Split,
    validation: Split,
    targets: TrainingTargets,
    checkpoint: Checkpoint,
) -> float:
    """Train once, from the checkpoint where the trial was interrupted; return the best validation accuracy."""

    def report(history: History, _: np.ndarray) -> None:
        trial.report(history[-1]["validation_accuracy"], len(history))
        if trial.should_prune():
            raise optuna.TrialPruned

    torch.manual_seed(config.run.seed)
    accelerator = start_accelerator(config.run.device, config.optimisation)
    network = build_network(model_config.model_copy(update={"dropout": config.network.dropout}))
    start.initialise(network, model_config.labels)
    loss = Loss(config.targets, model_config, targets, accelerator.device)
    batches = TrainingBatches(train, targets, config.optimisation.batch_size, config.run.seed, accelerator)
    groups = config.optimisation, config.augmentation, accelerator
    trainer = Trainer(network, model_config, batches, validation, loss, *groups, checkpoint)
    history = trainer.fit(checkpoint.load() if checkpoint.path.exists() else None, after_epoch=report)
    return max(epoch["validation_accuracy"] for epoch in history)
