"""Average the weights of several runs that differ in their seeds, and measure the model that comes of it.

python train/average.py runs/mine/model runs/mine-seed-1/model --dataset data/mine --output runs/mine-mean/model
"""

import sys
from pathlib import Path

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.arguments import ArgumentParser
from fer_hub.data.reference import Dataset
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import run_command
from fer_hub.evaluation.inference import predict_crops, seen_in_training
from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE, new_folder
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.hub.references import resolve
from fer_hub.models.ensemble import Ensemble
from fer_hub.training.averaging import average
from fer_hub.training.run.devices import pick_device


def main(arguments: list[str] | None = None) -> None:
    parser = ArgumentParser(prog="train/average.py", description="Average the weights of runs that differ in seeds.")
    parser.add_argument("models", nargs="+", metavar="REF", help="model folders of the runs, or owner/name on the Hub")
    parser.add_argument("--dataset", required=True, metavar="REF", help="what they were trained on, to measure on")
    parser.add_argument("--split", default="test", help="split to measure on (default: test)")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="the model folder to write; new")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps, or auto")
    options = parser.parse_args(arguments)
    report = write_average(options.models, Dataset(options.dataset), options.split, options.output, options.device)
    low, high = report.accuracy_ci95
    print(
        f"{report.split}: accuracy {report.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}), "
        f"macro F1 {report.macro_f1:.3f}, calibration error {report.expected_calibration_error:.3f}."
    )
    print(f"Model folder: {options.output}")


def write_average(references: list[str], dataset: Dataset, split: str, output: Path, device: str) -> EvaluationReport:
    """Write the averaged model with its evaluation on a split, and its card."""
    split = split_of(split) or split
    with new_folder(output) as folder:
        average([resolve(reference).load(pick_device(device)) for reference in references]).save(folder)
        classifier = ModelFolder(folder).load(pick_device(device))  # as it is stored, in half precision
        ensemble = Ensemble([classifier])
        predictions = predict_crops(ensemble, dataset, split)
        report = evaluate(
            predictions,
            seen=seen_in_training(ensemble, dataset, split),
            model=output.parent.name if output.name == "model" else output.name,
            dataset=dataset.reference,
            dataset_revision=dataset.revision,
            split=split,
            temperature=classifier.config.temperature,
        )
        report.save(folder / EVALUATION_FILE)
        predictions.save(folder / PREDICTIONS_FILE)
        ModelFolder(folder).write_card()
    return report


if __name__ == "__main__":
    sys.exit(run_command(main))
