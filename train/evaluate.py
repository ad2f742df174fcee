"""Evaluate a model, or several as an ensemble, on a split of a dataset.

python train/evaluate.py --model simple_cnn --dataset DIR --split validation --output report.json
                         [--detect] [--robustness] [--compare REF]
"""

import argparse
import sys
from pathlib import Path

import numpy as np

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.data.reference import Dataset
from fer_hub.errors import InputError, run_command
from fer_hub.evaluation.comparison import compare
from fer_hub.evaluation.inference import from_crops, from_photos, under_corruption
from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.predictions import write_evaluation
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.evaluation.robustness import CORRUPTIONS, STRENGTHS
from fer_hub.hub.references import resolve
from fer_hub.models.adapters import load_classifier
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.training.devices import pick_device
from fer_hub.vision.detection import FaceDetector


def main(arguments: list[str] | None = None) -> None:
    options = _parse(arguments)
    recognizer = load(options.model, options)
    other = load(options.compare, options) if options.compare else None
    dataset = Dataset(options.dataset, options.image_column, options.label_column)

    answer = from_photos if options.detect else from_crops
    predictions = answer(recognizer, dataset, options.split)
    report = evaluate(
        predictions.labels,
        predictions.probabilities,
        predictions.names,
        seen=seen_in_training(recognizer, dataset, options.split),
        model=" + ".join(options.model) + (" (mirror images too)" if options.mirror else ""),
        dataset=options.dataset,
        dataset_revision=dataset.revision,
        split=options.split,
        temperature=recognizer.classifiers[0].config.temperature if len(options.model) == 1 else 1.0,
        images_without_face=int((predictions.named < 0).sum()) if options.detect else None,
        robustness=under_corruption(recognizer, dataset, options.split) if options.robustness else None,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_evaluation(options.output, report, predictions.index, predictions.labels, predictions.probabilities)
    print(summary(report))
    if other is not None:
        comparison = compare(predictions, answer(other, dataset, options.split))
        print(f"\n{comparison.in_words(report.model, ' + '.join(options.compare))}")


def load(references: list[str], options: argparse.Namespace) -> ExpressionRecognizer:
    device = pick_device(options.device)
    classifiers = [load_classifier(resolve(reference), device) for reference in references]
    for classifier in classifiers if options.mirror else []:
        classifier.config = classifier.config.model_copy(update={"mirror": True})
    return ExpressionRecognizer(classifiers, FaceDetector(device=device))


def seen_in_training(recognizer: ExpressionRecognizer, dataset: Dataset, name: str) -> np.ndarray | None:
    """`(N,)` whether each picture also stands in `train`, where the models were trained on this very dataset."""
    classifiers = recognizer.classifiers
    revisions = {classifier.config.training.get("dataset_revision") for classifier in classifiers}
    if revisions != {dataset.revision} or "train" not in dataset.split_names or name == "train":
        return None
    size = classifiers[0].config.crop.size
    return np.isin(dataset.read(name, size, 3).content_keys(), dataset.read("train", size, 3).content_keys())


def summary(report: EvaluationReport) -> str:
    """The report in a few lines."""
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
    mistakes = [f"{true} taken for {named} ({count})" for true, named, count in report.most_confused()]
    lines.append(f"Most frequent mistakes: {', '.join(mistakes) or 'none'}.")
    if report.reliability is not None:
        lines += ["", "How often it is right when it is so sure:", "confidence  right  pictures"]
        lines += [
            f"{bin['confidence']:10.0%}  {bin['accuracy']:5.0%}  {bin['images']:8,}" for bin in report.reliability
        ]
    if report.robustness is not None:
        lines += ["", f"Accuracy by corruption and strength ({report.accuracy:.1%} without any):"]
        lines += [
            f"{corruption:14}" + "".join(f"{report.robustness[f'{corruption} {k}']:8.1%}" for k in STRENGTHS)
            for corruption in CORRUPTIONS
        ]
    return "\n".join(lines)


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
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="also measure the accuracy on crops that are covered, dark, blurred, noisy, turned, small and so on",
    )
    parser.add_argument(
        "--compare", action="append", metavar="REF", help="say whether this model (or ensemble) is better or worse"
    )
    parser.add_argument("--mirror", action="store_true", help="average the answers for each face and its mirror image")
    parser.add_argument("--image-column", help="column that holds the pictures (default: found by names such as image)")
    parser.add_argument("--label-column", help="column that holds the labels (default: found by names such as label)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps, or auto")
    options = parser.parse_args(arguments)
    if options.detect and options.robustness:
        raise InputError("--robustness changes face crops and --detect takes whole photos; give one of them.")
    return options


if __name__ == "__main__":
    sys.exit(run_command(main))
