"""Evaluate a model, or several as an ensemble, on a split of a dataset.

python train/evaluate.py --model simple_cnn --dataset DIR --split validation --output report.json [--detect]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.classifier import ExpressionClassifier
from fer_hub.errors import InputError, run_command
from fer_hub.evaluation import evaluate
from fer_hub.faces import FaceFinder
from fer_hub.foreign import load_classifier
from fer_hub.hub import resolve
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.report import EvaluationReport
from train.config import pick_device
from train.publishing import write_evaluation
from train.reference import Dataset


def main(arguments: list[str] | None = None) -> None:
    options = _parse(arguments)
    device = pick_device(options.device)
    classifiers = [load_classifier(resolve(reference), device) for reference in options.model]
    recognizer = ExpressionRecognizer(classifiers, FaceFinder(device=device))
    dataset = Dataset(options.dataset, options.image_column, options.label_column)

    if options.detect:
        labels, probabilities = from_photos(recognizer, dataset, options.split)
    else:
        labels, probabilities = from_crops(recognizer, dataset, options.split)
    temperature = classifiers[0].config.temperature if len(classifiers) == 1 else 1.0
    report = evaluate(
        labels,
        probabilities,
        recognizer.labels,
        seen=seen_in_training(classifiers, dataset, options.split),
        model=" + ".join(options.model),
        dataset=options.dataset,
        dataset_revision=dataset.revision,
        split=options.split,
        temperature=temperature,
        images_without_face=int((~probabilities.any(axis=1)).sum()) if options.detect else None,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_evaluation(options.output, report, np.arange(len(labels)), labels, probabilities)
    print(summary(report))


def from_crops(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels and `(N, K)` probabilities, in the recognizer's label order, of pictures that are face crops."""
    total: np.ndarray | float = 0.0
    for classifier in recognizer.classifiers:
        split = dataset.read(name, classifier.config.crop.size, 1 if classifier.config.grey else 3)
        columns = [classifier.config.labels.index(label) for label in recognizer.labels]
        total = total + classifier.probabilities(split.pictures).numpy()[:, columns]
    assert isinstance(total, np.ndarray)
    return _positions(dataset, split.labels.numpy(), recognizer.labels), total / len(recognizer.classifiers)


def from_photos(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The same from photo to label: the largest face that is found; rows of zeros where none is."""
    labels, rows = [], []
    for image, label in tqdm(dataset.pictures(name), "from photo to label", unit="picture", leave=False):
        faces = recognizer(image)
        labels.append(label)
        rows.append(list(faces[0].probabilities.values()) if faces else [0.0] * len(recognizer.labels))
    return _positions(dataset, np.array(labels), recognizer.labels), np.array(rows)


def seen_in_training(classifiers: list[ExpressionClassifier], dataset: Dataset, name: str) -> np.ndarray | None:
    """`(N,)` whether each picture also stands in `train`, where the models were trained on this very dataset."""
    revisions = {classifier.config.training.get("dataset_revision") for classifier in classifiers}
    if revisions != {dataset.revision} or "train" not in dataset.split_names or name == "train":
        return None
    size = classifiers[0].config.crop.size
    return np.isin(dataset.read(name, size, 3).content_keys(), dataset.read("train", size, 3).content_keys())


def summary(report: EvaluationReport) -> str:
    """The report in a line or two."""
    low, high = report.accuracy_ci95
    lines = [
        f"{report.model} on {report.images:,} pictures of {report.split}: accuracy {report.accuracy:.1%} "
        f"(95% interval {low:.1%} to {high:.1%}), balanced {report.balanced_accuracy:.1%}, macro F1 "
        f"{report.macro_f1:.3f}, log loss {report.log_loss:.3f}, calibration error "
        f"{report.expected_calibration_error:.3f}."
    ]
    if report.images_without_face is not None:
        found = report.images - report.images_without_face
        lines.append(
            f"A face was found in {found:,} of them; on these the accuracy is "
            f"{report.accuracy * report.images / max(found, 1):.1%}."
        )
    if report.accuracy_unseen is not None:
        lines.append(
            f"{report.images_seen_in_training} stand in train too; on the others: {report.accuracy_unseen:.1%}."
        )
    return "\n".join(lines)


def _positions(dataset: Dataset, labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The dataset's labels as positions in the models' label order."""
    if unknown := set(dataset.label_names) - set(names):
        raise InputError(
            f"{dataset.reference} has labels {', '.join(dataset.label_names)}, but the model knows only "
            f"{', '.join(names)}; it cannot name: {', '.join(sorted(unknown))}."
        )
    return np.array([names.index(label) for label in dataset.label_names])[labels]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="train/evaluate.py", description="Evaluate models on a split of a dataset.")
    parser.add_argument(
        "--model", action="append", required=True, metavar="REF", help="bundled name, folder, or owner/name[@revision]"
    )
    parser.add_argument("--dataset", required=True, metavar="REF", help="folder, file or owner/name[@revision]")
    parser.add_argument("--split", default="test", help="split to evaluate on (default: test)")
    parser.add_argument("--output", required=True, type=Path, metavar="FILE.json", help="where the report goes")
    parser.add_argument(
        "--detect", action="store_true", help="find the face in each picture first, instead of taking it as a crop"
    )
    parser.add_argument("--image-column", help="column that holds the pictures (default: found by names such as image)")
    parser.add_argument("--label-column", help="column that holds the labels (default: found by names such as label)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps, or auto")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(run_command(main))
