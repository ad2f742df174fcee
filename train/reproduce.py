"""Train the models that ship with FER Hub, and some to compare them with, one after the other, and measure them.

    python train/reproduce.py --output runs [NAME...] [--seeds 0 1 2] [--bundle]

Finished models are left alone and a run that was stopped goes on, so the same command again does what is missing.
"""

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import NamedTuple

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.arguments import ArgumentParser
from fer_hub.data.reference import Dataset
from fer_hub.errors import InputError, run_command
from fer_hub.evaluation.inference import robustness_on
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.hub.references import BUNDLED
from fer_hub.logs import log_to_stdout
from fer_hub.models.ensemble import Ensemble
from fer_hub.training.run.devices import pick_device
from train import finetune


class Run(NamedTuple):
    """How a model that ships was made."""

    flags: str
    """Of train/finetune.py."""
    ferplus: bool = False
    """Whether on FER+ instead of FER-2013: ten people's votes for the same pictures, or one person's label."""
    ships: bool = True
    """Whether it is bundled; the others are there to compare with."""


_COMPACT = "--recipe compact --progressive-start-size 32 --mixed-precision bf16"
_VOTES = (
    "--recipe compact --mixed-precision bf16 --targets votes --logit-adjustment 0.4 --label-smoothing 0.05 --mixup 0.2 "
    "--coarseness 0.15 --noise 0.1"
)
_TRANSFER = (
    f"{_VOTES} --mixed-precision no --architecture mobilenet_v2 --input-size 96 --epochs 8 --stopping-patience 8 "
    "--learning-rate 0.03"
)
RUNS = {
    "simple_cnn": Run("--architecture simple_cnn"),
    "complex_cnn": Run("--architecture complex_cnn --schedule cosine --epochs 15 --mixed-precision bf16", ships=False),
    "fer2013-compact": Run(f"{_COMPACT} --architecture compact_medium --epochs 90 --stopping-patience 90"),
    "fer2013-live": Run(_COMPACT),
    "fer-robust": Run(f"{_COMPACT} --epochs 45 --teacher fer2013-compact --coarseness 0.2 --noise 0.2"),
    "fer2013-tiny": Run(
        f"{_COMPACT} --architecture compact_tiny --epochs 60 --stopping-patience 60 --teacher fer2013-compact"
    ),
    "fer-live": Run(
        f"{_VOTES} --init-from fer2013-live --epochs 30 --stopping-patience 30 --learning-rate 0.05 "
        "--progressive-start-size 32",
        ferplus=True,
    ),
    "fer-compact": Run(
        f"{_VOTES} --architecture compact_medium --init-from fer2013-compact --epochs 30 --stopping-patience 30 "
        "--learning-rate 0.05 --progressive-start-size 32",
        ferplus=True,
    ),
    "fer-tiny": Run(
        f"{_VOTES} --architecture compact_tiny --init-from fer2013-tiny --teacher fer-live fer-compact --epochs 60 "
        "--stopping-patience 60 --learning-rate 0.05 --progressive-start-size 32",
        ferplus=True,
    ),
    "fer-live-64": Run(
        f"{_VOTES} --init-from fer2013-live --input-size 64 --epochs 30 --stopping-patience 30 --learning-rate 0.05 "
        "--progressive-start-size 40",
        ferplus=True,
        ships=False,
    ),
    "fer-transfer": Run(f"{_TRANSFER} --pretrained-weights IMAGENET1K_V1", ferplus=True, ships=False),
    "fer-transfer-random": Run(f"{_TRANSFER} --no-pretrained", ferplus=True, ships=False),
}
"""A teacher comes before its pupils. Of complex_cnn there is no room for the weights."""


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    options = _parse(arguments)
    names = [name for name in RUNS if name in options.names or not options.names]
    for name in names:
        dataset = options.ferplus if RUNS[name].ferplus else options.dataset
        for seed in options.seeds:
            train(name, seed, options.output, dataset, options.device)
        first = model_folder(name, options.seeds[0], options.output)
        measure_robustness(first, dataset, options.device)
        if options.bundle and RUNS[name].ships:
            bundle(first, name)
    for name in names:
        reports = [model_folder(name, seed, options.output).evaluation for seed in options.seeds]
        print(f"{name}: {_accuracy(reports)} on {reports[0].split} of {reports[0].dataset}")


def model_folder(name: str, seed: int, output: Path) -> ModelFolder:
    return ModelFolder(output / (name if seed == 0 else f"{name}-seed-{seed}") / "model")


def train(name: str, seed: int, output: Path, dataset: str, device: str) -> None:
    """Leave a model folder, where there is none yet."""
    folder = model_folder(name, seed, output)
    if not folder.path.exists():
        where = ["--dataset", dataset, "--output", str(folder.path.parent), "--device", device]
        resume = ["--resume"] if (folder.path.parent / "checkpoint" / "state.pt").exists() else []
        finetune.main([*RUNS[name].flags.split(), *where, "--seed", str(seed), *resume])


def measure_robustness(folder: ModelFolder, dataset: str, device: str) -> None:
    """Let the evaluation and the card of a model know its robustness, where they do not yet."""
    report = folder.evaluation
    if report.robustness is None:
        ensemble = Ensemble([folder.load(pick_device(device))])
        report = replace(report, robustness=robustness_on(ensemble, Dataset(dataset), report.split))
        report.save(folder.path / EVALUATION_FILE)
        ModelFolder(folder.path).write_card()


def bundle(folder: ModelFolder, name: str) -> None:
    """Put a model folder in the place of the one that ships under this name, which stays until the copy is whole."""
    BUNDLED.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=BUNDLED.parent) as beside:
        copy = folder.copy(Path(beside) / name).path
        shutil.rmtree(BUNDLED / name, ignore_errors=True)
        copy.rename(BUNDLED / name)
    print(f"Bundled: {BUNDLED / name}")


def _accuracy(reports: list[EvaluationReport]) -> str:
    found = [report.accuracy for report in reports]
    if len(found) == 1:
        return f"{found[0]:.1%}"
    return f"{mean(found):.1%}, mean of {len(found)} seeds ({min(found):.1%} to {max(found):.1%})"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = ArgumentParser(prog="train/reproduce.py", description="Train the models that ship with FER Hub.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which (default: all): {', '.join(RUNS)}")
    parser.add_argument("--dataset", default="data/fer2013", metavar="REF", help="FER-2013 (default: data/fer2013)")
    parser.add_argument(
        "--ferplus", default="data/ferplus", metavar="REF", help="FER+, as prepare_data.py makes it (data/ferplus)"
    )
    parser.add_argument("--output", type=Path, default=Path("runs"), metavar="DIR", help="where the runs go")
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[0],
        metavar="N",
        help="train each once for each seed; the first is also measured on disturbed pictures and may be bundled",
    )
    parser.add_argument("--bundle", action="store_true", help="put the first seed's models into fer_hub/bundled")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps, or auto")
    options: argparse.Namespace = parser.parse_args(arguments)
    if unknown := set(options.names) - set(RUNS):
        raise InputError(f"no such model: {', '.join(sorted(unknown))}; choose of {', '.join(RUNS)}.")
    return options


if __name__ == "__main__":
    sys.exit(run_command(main, interrupted="stopped; the same command goes on where this one was."))
