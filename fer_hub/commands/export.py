"""Write a model as one file that needs none of this code, and say how far its answers are from ours."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_hub.errors import InputError
from fer_hub.export.folder import CLASSIFIER, export_folder
from fer_hub.export.onnx_file import FORMATS, export_onnx
from fer_hub.export.variants import CALIBRATION, PRECISIONS, file_probabilities
from fer_hub.hub.references import resolve

if TYPE_CHECKING:
    from fer_hub.data.reference import Dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Examples: %(prog)s fer-live --output fer-live.onnx; %(prog)s fer-live --with-detector; %(prog)s fer-live "
        "--precision int8 --dataset data/fer2013"
    )
    parser.add_argument("model", metavar="REF", help="bundled name, model folder, or owner/name[@revision]")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="format of the file (default: onnx)")
    parser.add_argument(
        "--with-detector",
        action="store_true",
        help="write a folder that goes from a photo to labels: the face detector's networks too, and a script",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="fp16: weights in half precision; int8: weights and activations in 8 bits (default: fp32)",
    )
    parser.add_argument(
        "--dataset",
        metavar="REF",
        help="with fp16 and int8: face crops on which the loss is measured; int8 takes its ranges from the train split",
    )
    parser.add_argument("--split", default="test", help="split on which the loss is measured (default: test)")
    parser.add_argument("--output", type=Path, metavar="PATH", help="where it goes (default: the model's name, here)")


def run(options: argparse.Namespace) -> None:
    """Write a model in another format and print what was compared."""
    if options.dataset and options.precision == "fp32":
        raise InputError("--dataset measures what --precision fp16 or int8 loses; fp32 is compared without one.")
    name = Path(options.model.partition("@")[0]).name
    variant = "" if options.precision == "fp32" else f".{options.precision}"
    output = options.output or Path(f"{name}{variant}{'-' if options.with_detector else '.'}{options.format}")
    file = output / CLASSIFIER if options.with_detector else output
    dataset = open_dataset(options) if options.dataset else None
    crops = None if dataset is None or options.precision != "int8" else calibration_crops(options.model, dataset)
    export = export_folder if options.with_detector else export_onnx
    difference = export(options.model, output, options.precision, crops)
    compared = (
        "not compared with torch: pip install onnxruntime"
        if difference is None
        else f"largest difference from torch in a probability: {difference:.1g}"
    )
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; {compared}.")
    if options.with_detector:
        print(
            f"From a photo to labels, with onnxruntime, numpy and pillow: python {output / 'photo_to_label.py'} PHOTO"
        )
    if dataset is not None:
        print(loss_in_words(options.model, file, options.precision, dataset, options.split))


def open_dataset(options: argparse.Namespace) -> "Dataset":
    """The dataset, read by the model's own words."""
    from fer_hub.data.raw.forms import Reading  # noqa: PLC0415 as above
    from fer_hub.data.reference import Dataset  # noqa: PLC0415 as above
    from fer_hub.data.vocabulary.labels import meanings_for  # noqa: PLC0415 for this alone the datasets library is needed

    return Dataset(options.dataset, reading=Reading(meanings_for(resolve(options.model).config.labels)))


def calibration_crops(reference: str, dataset: "Dataset") -> np.ndarray:
    """`(N, S, S, 3)` uint8 faces to measure ranges on: of train, none of which is evaluated on; drawn with seed 0."""
    if "train" not in dataset.split_names:
        raise InputError(f"{dataset.reference} has no split 'train', whose pictures int8 takes its ranges from.")
    rows = np.random.default_rng(0).permutation(dataset.count("train"))[:CALIBRATION]
    split = dataset.read("train", resolve(reference).config.crop.size, 3, np.sort(rows))
    return split.pictures.permute(0, 2, 3, 1).numpy()


def loss_in_words(reference: str, file: Path, precision: str, dataset: "Dataset", split: str) -> str:
    """What an exported file loses of the model's accuracy, picture by picture."""
    from fer_hub.evaluation.comparison import compare  # noqa: PLC0415 scipy, for this alone
    from fer_hub.evaluation.inference import predict  # noqa: PLC0415 as above

    classifier = resolve(reference).load()
    crops = dataset.read(split, classifier.config.crop.size, 3)
    words = [crops.label_names[label] for label in crops.labels.tolist()]
    batch = crops.index.tolist(), words, crops.pictures
    labels = classifier.config.labels
    ours = predict([batch], lambda pictures: classifier.probabilities(pictures).numpy(), labels)
    theirs = predict([batch], lambda pictures: file_probabilities(file, pictures.permute(0, 2, 3, 1).numpy()), labels)
    accuracies = f"{theirs.correct.mean():.1%} of {split} are named right, {ours.correct.mean():.1%} in fp32."
    return f"{accuracies} {compare(theirs, ours).in_words(precision, 'fp32')}"
