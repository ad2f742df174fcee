"""Evaluate a model, or several as an ensemble, on a split of a dataset.

python train/evaluate.py --model simple_cnn --dataset DIR --split validation --output report.json
                         [--detect] [--robustness] [--compare REF]
"""

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.arguments import ArgumentParser
from fer_hub.data.crop_check import check_split
from fer_hub.data.raw.forms import Reading
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.reference import Dataset
from fer_hub.data.vocabulary.labels import meanings_for
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import InputError, run_command
from fer_hub.evaluation.comparison import compare
from fer_hub.evaluation.heads import heads_on
from fer_hub.evaluation.inference import predict_crops, predict_photos, robustness_on, seen_in_training
from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.predictions import Predictions, predictions_file
from fer_hub.evaluation.summary import summarize
from fer_hub.hub.references import resolve
from fer_hub.logs import log_to_stdout
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.ensemble import Ensemble
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.training.run.devices import pick_device
from fer_hub.vision.detection import FaceDetector


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    options = _parse(arguments)
    ensemble = load(options.model, options)
    columns = TableColumns(options.image_column, options.label_column)
    dataset = Dataset(options.dataset, reading=Reading(meanings_for(ensemble.labels), columns))
    options.split = split_of(options.split) or options.split
    if not options.detect:
        warn_of_photos(dataset, options.split)
    predictions = answers(ensemble, dataset, options)
    report = evaluate(
        predictions,
        seen=seen_in_training(ensemble, dataset, options.split),
        model=" + ".join(options.model) + (" (mirror images too)" if options.mirror else ""),
        dataset=options.dataset,
        dataset_revision=dataset.revision,
        split=options.split,
        temperature=ensemble.temperature,
        images_without_face=int((predictions.named < 0).sum()) if options.detect else None,
        robustness=robustness_on(ensemble, dataset, options.split) if options.robustness else None,
        auxiliary=None if options.detect else heads_on(ensemble, dataset, options.split),
    )
    report.save(options.output)
    predictions.save(predictions_file(options.output))
    print(summarize(report))
    if options.compare:
        other = answers(load(options.compare, options), dataset, options)
        print(f"\n{compare(predictions, other).in_words(report.model, ' + '.join(options.compare))}")


def warn_of_photos(dataset: Dataset, split: str) -> None:
    """Say so where pictures that are to be taken as face crops are whole photos."""
    check = check_split(dataset, split)
    if check.kind == "whole photos":
        print(
            f"warning: {dataset.reference} holds whole photos: {check.in_words}. Each is taken as if it were a face; "
            "with --detect the face is found first.",
            file=sys.stderr,
        )


def load(references: list[str], options: argparse.Namespace) -> Ensemble:
    loaded = [resolve(reference).load(pick_device(options.device)) for reference in references]
    changed = {"mirror": True} if options.mirror else {}
    return Ensemble(
        [ExpressionClassifier(each.network, each.config.model_copy(update=changed), each.device) for each in loaded]
    )


def answers(ensemble: Ensemble, dataset: Dataset, options: argparse.Namespace) -> Predictions:
    if not options.detect:
        return predict_crops(ensemble, dataset, options.split)
    recognizer = ExpressionRecognizer(ensemble.classifiers, FaceDetector(device=pick_device(options.device)))
    return predict_photos(recognizer.largest_faces, ensemble.labels, dataset, options.split)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = ArgumentParser(prog="train/evaluate.py", description="Evaluate models on a split of a dataset.")
    parser.add_argument(
        "--model", action="append", required=True, metavar="REF", help="bundled name, folder, or owner/name[@revision]"
    )
    parser.add_argument("--dataset", required=True, metavar="REF", help="folder, file or owner/name[@revision]")
    parser.add_argument("--split", default="test", help="split to evaluate on (default: test)")
    parser.add_argument("--output", required=True, type=Path, metavar="FILE.json", help="where the report goes; new")
    parser.add_argument("--overwrite", action="store_true", help="replace a report that lies there already")
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
    options: argparse.Namespace = parser.parse_args(arguments)
    if options.detect and options.robustness:
        raise InputError("--robustness changes face crops and --detect takes whole photos; give one of them.")
    if options.output.exists() and not options.overwrite:
        raise InputError(f"{options.output} exists already; choose another --output, or replace it with --overwrite.")
    return options


if __name__ == "__main__":
    sys.exit(run_command(main))
