"""Search for good settings: many short training runs, of which the hopeless are cut short.

    python train/tune.py --dataset DIR --trials 30 --output runs/tuning [--recipe compact] [--epochs 10]

Every flag of train/finetune.py sets what all trials share. The study lies in a file under --output; the same command
goes on where it was stopped or killed, and a larger --trials goes further. One process at a time.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import torch
from optuna.trial import TrialState

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.errors import FerHubError, InputError, run_command
from fer_hub.models import ModelConfig, build_network
from fer_hub.training.checkpoint import Checkpoint
from fer_hub.training.config import FinetuneConfig, parse_config
from fer_hub.training.devices import start_accelerator
from fer_hub.training.initial_weights import InitialWeights, find_initial_weights
from fer_hub.training.study import SPACES, Space, draw_trials, finished, open_study, rounded, table, trials_to_run
from fer_hub.training.trainer import History, fit
from train.finetune import command, describe_model, open_dataset, read_data, run_identity


def main(arguments: list[str] | None = None) -> None:
    options, flags = _parse(arguments)
    config = parse_config(["--output", "runs/tuning", *flags])
    dataset = open_dataset(config)
    study = open_study(config, {**run_identity(config, dataset), "space": options.space})

    if finished(study) < options.trials:
        search(study, options.trials, SPACES[options.space], config, dataset)
    if not (done := study.get_trials(states=[TrialState.COMPLETE])):
        raise FerHubError("no trial came to its end; what stopped each of them is said above.")
    folder = Path(config.output)
    study.trials_dataframe(attrs=("number", "state", "value", "duration", "params")).to_csv(
        folder / "trials.csv", index=False
    )
    draw_trials(study).savefig(folder / "trials.png")
    print(table(study))
    print(
        f"Best of {finished(study)} trials, {len(done)} of which ran to their end: trial {study.best_trial.number}, "
        f"{study.best_value:.1%} on validation. Train it with:"
    )
    print(command(replace(config, **rounded(study.best_params), output=str(folder / "best"))))


def search(study: optuna.Study, trials: int, space: Space, config: FinetuneConfig, dataset: Dataset) -> None:
    """Run trials until so many are finished; what each came to is kept in the study at once."""
    start = find_initial_weights(config)
    train, validation, _ = read_data(config, start, dataset)
    model_config = describe_model(config, start, dataset, train)
    for trial in trials_to_run(study, trials):
        settings = rounded(space(trial, config.learning_rate))
        print(f"Trial {trial.number}: " + ", ".join(f"{name} {value}" for name, value in settings.items()))
        trial_config = replace(config, **settings)
        checkpoint = Checkpoint(Path(config.output) / "checkpoint", run_identity(trial_config, dataset))
        state, value = TrialState.COMPLETE, None
        try:
            value = train_trial(trial, trial_config, start, model_config, train, validation, checkpoint)
        except optuna.TrialPruned:
            state = TrialState.PRUNED
            print(f"Trial {trial.number}: worse than half of the others at this point; stopped.")
        except (InputError, torch.OutOfMemoryError) as error:
            state = TrialState.FAIL
            print(f"Trial {trial.number} failed: {str(error).splitlines()[0]}")
        checkpoint.delete()
        study.tell(trial, value, state)


def train_trial(
    trial: optuna.Trial,
    config: FinetuneConfig,
    start: InitialWeights,
    model_config: ModelConfig,
    train: Split,
    validation: Split,
    checkpoint: Checkpoint,
) -> float:
    """Train once, from the checkpoint where the trial was interrupted; return the best validation accuracy."""

    def report(history: History, _: np.ndarray) -> None:
        trial.report(history[-1]["validation_accuracy"], len(history))
        if trial.should_prune():
            raise optuna.TrialPruned

    torch.manual_seed(config.seed)
    config = replace(config, resume=checkpoint.path.exists())
    model_config = model_config.model_copy(update={"dropout": config.dropout})
    network, accelerator = build_network(model_config), start_accelerator(config)
    start.initialise(network, model_config.labels)
    history = fit(network, train, validation, config, model_config, accelerator, checkpoint, after_epoch=report)
    return max(epoch["validation_accuracy"] for epoch in history)


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and the flags of train/finetune.py."""
    parser = argparse.ArgumentParser(
        prog="train/tune.py",
        description="Search for good settings of train/finetune.py.",
        epilog="All flags of train/finetune.py are taken too (--dataset, --recipe, --architecture, --epochs, "
        "--max-train-images, ...), and hold for every trial. --output is the folder of the search.",
        allow_abbrev=False,
    )
    parser.add_argument("--trials", type=int, default=20, help="trials in all, those of earlier calls included")
    parser.add_argument(
        "--space",
        choices=SPACES,
        default="report",
        help="what is varied (default: report); see fer_hub/training/study.py",
    )
    options, flags = parser.parse_known_args(arguments)
    if options.trials < 1:
        raise InputError(f"--trials is {options.trials}; it must be at least 1.")
    return options, flags


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command goes on in the trial it stopped in."))
