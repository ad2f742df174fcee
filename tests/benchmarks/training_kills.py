"""A training that is killed over and over: whether it ends as one that was left alone.

    python tests/benchmarks/training_kills.py [--kills 10] [--epochs 30]

Trains on drawn faces once from start to end, then again with SIGKILL at random moments, from the first imports to the
last epoch, each time going on with --resume. Weights, evaluation, predictions and every number of the history must be
the same, and nothing may lie beside them.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.faces import write_dataset

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_dataset(folder / "faces", {"train": 40, "test": 10})
        command = [sys.executable, "train/finetune.py", "--dataset", str(data), "--epochs", str(options.epochs)]
        command += ["--batch-size", "16", "--validation-share", "0.2", "--stopping-patience", "100", "--device", "cpu"]

        print(f"left alone: {follow([*command, '--output', str(folder / 'whole')], folder / 'whole')}", flush=True)
        epoch = sum(each["seconds"] for each in json.loads((folder / "whole" / "history.json").read_text()))
        epoch /= options.epochs
        moments = random.Random(options.seed)
        for number in range(options.kills):
            early = moments.random() < 1 / 3
            after = Moment(saved=not early, seconds=moments.uniform(0, 15.0 if early else 2 * epoch))
            told = follow(resumed(command, folder / "killed"), folder / "killed", after)
            print(f"kill {number + 1} {told}; {where(folder / 'killed')}", flush=True)
        print(f"to its end: {follow(resumed(command, folder / 'killed'), folder / 'killed')}", flush=True)
        compare(folder / "whole", folder / "killed")


@dataclass(frozen=True)
class Moment:
    """So many seconds after the start, or after the first state that this process saves."""

    saved: bool
    seconds: float


def resumed(command: list[str], run: Path) -> list[str]:
    return [*command, "--output", str(run), *(["--resume"] if state(run).exists() else [])]


def follow(command: list[str], run: Path, kill: Moment | None = None) -> str:
    """Run a command to its end, or kill it at a moment; say when it ended. Ends this one where it ends otherwise."""
    began = time.monotonic()
    before = saved_at(run)
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    counted = None if kill is None or kill.saved else began
    while process.poll() is None:
        now = time.monotonic()
        if counted is None and kill is not None and saved_at(run) != before:
            counted = now
        if kill is not None and counted is not None and now - counted >= kill.seconds:
            process.kill()
            process.wait()
            return f"after {now - began:.1f} s"
        time.sleep(0.01)
    if process.returncode or kill is not None:
        raise SystemExit(f"it ended by itself with status {process.returncode}")
    return f"{time.monotonic() - began:.1f} s"


def saved_at(run: Path) -> int | None:
    try:
        return state(run).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def state(run: Path) -> Path:
    return run / "checkpoint" / "state.pt"


def where(run: Path) -> str:
    """What the last saved state is of."""
    if not state(run).exists():
        return "nothing is saved yet"
    epoch = torch.load(state(run), weights_only=True)["state"]["epoch"]
    return f"saved in epoch {epoch['number']}, at step {epoch['step']}"


def compare(whole: Path, killed: Path) -> None:
    """Say what is the same, and end with status 1 where anything is not."""
    weights = [load_file(run / "model" / "model.safetensors") for run in (whole, killed)]
    texts = [(run / "model" / "evaluation.json").read_text().replace(run.name, "run") for run in (whole, killed)]
    same: dict[str, bool] = {
        "weights": all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0] | weights[1]),
        "evaluation": texts[0] == texts[1],
        "predictions": (whole / "model" / "predictions.parquet").read_bytes()
        == (killed / "model" / "predictions.parquet").read_bytes(),
        "history": history(whole) == history(killed),
        "files": files(whole) == files(killed),
    }
    for name, value in same.items():
        print(f"{name}: {'the same' if value else 'OTHERS'}")
    raise SystemExit(0 if all(same.values()) else 1)


def history(run: Path) -> list[dict[str, Any]]:
    """Every number of each epoch but how long it took."""
    epochs = json.loads((run / "history.json").read_text())
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in epochs]


def files(run: Path) -> list[str]:
    return sorted(path.relative_to(run).as_posix() for path in run.rglob("*"))


if __name__ == "__main__":
    main()
