"""Search for good settings: many short training runs, of which the hopeless are cut short.

    python train/tune.py --dataset DIR --trials 30 --output runs/tuning [--recipe compact] [--epochs 10]

Every flag of train/finetune.py sets what all trials share. The study lies in a file under --output; the same command
goes on where it was stopped or killed, and a larger --trials goes further. Given several times at once, the processes
share the trials.
"""

import argparse
import sys
from pathlib import Path

from optuna.trial import TrialState

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.errors import FerHubError, InputError, run_command
from fer_hub.logs import log_to_stdout
from fer_hub.training.config.finetune import FinetuneConfig
from fer_hub.training.config.flags import command_line, config_parser, read_flags
from fer_hub.training.config.recipes import RECIPES
from fer_hub.training.preparation import open_dataset, run_identity
from fer_hub.training.tuning.search import search
from fer_hub.training.tuning.sharing import alone, finished
from fer_hub.training.tuning.study import SPACES, draw_trials, open_study, rounded, table


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    config, options = _parse(arguments)
    folder = Path(config.run.output)
    dataset = open_dataset(config.data, config.targets)
    identity = {**run_identity(config, dataset), "epochs": config.optimisation.epochs, "space": options.space}
    study = open_study(folder, config.optimisation.epochs, identity)

    if finished(study) < options.trials:
        search(study, options.trials, SPACES[options.space], config, dataset)
    if not (done := study.get_trials(states=[TrialState.COMPLETE])):
        raise FerHubError("no trial came to its end; what stopped each of them is said above.")
    with alone(folder):
        study.trials_dataframe(attrs=("number", "state", "value", "duration", "params")).to_csv(
            folder / "trials.csv", index=False
        )
        draw_trials(study).savefig(folder / "trials.png")
    print(table(study))
    print(
        f"Best of {finished(study)} trials, {len(done)} of which ran to their end: trial {study.best_trial.number}, "
        f"{study.best_value:.1%} on validation. Train it on all pictures and for its full length with:"
    )
    print(
        command_line(
            whole_run(config, options.recipe).replace(**rounded(study.best_params), output=str(folder / "best"))
        )
    )


def whole_run(config: FinetuneConfig, recipe: str | None) -> FinetuneConfig:
    """The settings of a search's short trials, for all pictures and at least as long as the recipe trains."""
    full = FinetuneConfig.from_settings(RECIPES[recipe or "report"]).optimisation
    epochs = max(full.epochs, config.optimisation.epochs)
    patience = max(full.stopping_patience, config.optimisation.stopping_patience)
    return config.replace(epochs=epochs, stopping_patience=patience, max_train_images=None)


def _parse(arguments: list[str] | None) -> tuple[FinetuneConfig, argparse.Namespace]:
    """The flags of train/finetune.py, which hold for every trial, and our own."""
    parser = config_parser(
        prog="train/tune.py",
        description="Search for good settings of train/finetune.py.",
        epilog="The flags of train/finetune.py hold for every trial. --output is the folder of the search "
        "(default: runs/tuning).",
    )
    parser.add_argument(
        "--trials", type=int, default=20, help="trials in all, with those of earlier calls (default: 20)"
    )
    parser.add_argument(
        "--space",
        choices=SPACES,
        default="report",
        help="what is varied (default: report); see fer_hub/training/tuning/study.py",
    )
    config, options = read_flags(parser, arguments)
    if options.trials < 1:
        raise InputError(f"--trials is {options.trials}; it must be at least 1.")
    return config if config.run.output else config.replace(output="runs/tuning"), options


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command goes on in the trial it stopped in."))
