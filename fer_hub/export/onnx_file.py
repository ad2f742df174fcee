"""A model -> one ONNX file that needs none of this code: pixels of a crop in, calibrated probabilities out."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fer_hub.errors import FerHubError, InputError
from fer_hub.export.graph import write_graph
from fer_hub.export.variants import halved, quantize
from fer_hub.files import new_file
from fer_hub.hub.references import resolve
from fer_hub.models.classifier import ExpressionClassifier, network_outputs
from fer_hub.models.heads import head_answer, split_outputs
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.images import EXAMPLE, open_image

FORMATS = ("onnx",)
TOLERANCE = 1e-4
"""Largest difference of a probability between the file and torch at which the file is kept."""

_INSTALL = "pip install onnx onnxscript onnxruntime"


class _PixelsToProbabilities(nn.Module):
    """What the file computes: preprocessing, network, temperature and softmax in one graph; then the further heads."""

    def __init__(self, classifier: ExpressionClassifier) -> None:
        super().__init__()
        self.network, self.config = classifier.network, classifier.config

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        outputs = network_outputs(self.network, crops.permute(0, 3, 1, 2), self.config)
        logits, further = split_outputs(outputs, self.config)
        heads = [head_answer(further[name], head) for name, head in self.config.heads.items()]
        return (logits / self.config.temperature).softmax(dim=1), *heads


def export_onnx(reference: str, file: Path, precision: str = "fp32", crops: np.ndarray | None = None) -> float | None:
    """Write a model as one ONNX file and compare its answers with torch's.

    Of `fp16` and `int8` files (variants.py) the difference is told and not bounded: what they lose is measured on a
    dataset. `crops`, `(N, S, S, 3)` uint8, are what int8 measures ranges on; None: one face, cut a little differently.

    The file takes `crops`, `(N, S, S, 3)` uint8 RGB of any N, the layout in which image libraries hand out pixels,
    and gives `probabilities`, `(N, K)` float32, rows sum to 1, and for each further head of the model `heads.NAME`,
    `(N, C)` float32 probabilities or `(N, 1)` values. Its metadata_props say the rest.

    Returns:
        The largest difference of a probability, or of a value in its standard deviations, on crops of a real face;
        None where onnxruntime is not installed.

    Raises:
        InputError: the model cannot be had, the exporter is not installed, or the file cannot be written.
        FerHubError: the file and torch disagree; it is not kept.
    """
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise InputError(f"exporting needs {package}, which is not installed: {_INSTALL}.")
    classifier = resolve(reference).load()
    if file.is_dir():
        raise InputError(f"{file} is a folder; give the name of the file to write, such as {file / 'model.onnx'}.")
    try:
        with new_file(file) as unfinished:
            _write(halved(classifier) if precision == "fp16" else classifier, reference, unfinished)
            if precision == "int8":
                quantize(unfinished, unfinished, example_crops(classifier) if crops is None else crops)
            difference = _difference(classifier, unfinished)
            if precision == "fp32" and difference is not None and not difference <= TOLERANCE:
                raise FerHubError(f"the exported file differs from the model by {difference:.2g} in a probability.")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}; choose another --output.") from None
    return difference


def describe(classifier: ExpressionClassifier, reference: str) -> dict[str, str]:
    """The metadata of the file: everything a program must know to use it. Lists and objects are JSON."""
    config = classifier.config
    size = config.crop.size
    return {
        "model": reference,
        "labels": json.dumps(config.labels),
        "input": f"crops: uint8 RGB pixels, 0-255, shape (batch, {size}, {size}, 3), one face each, upright",
        "output": "probabilities: float32, shape (batch, labels), calibrated, each row sums to 1",
        "heads": json.dumps({name: head.classes for name, head in config.heads.items()}),
        "heads_meaning": "Each of these has an output heads.NAME, in this order after probabilities: float32, shape "
        "(batch, classes), probabilities of its classes; or, where it has none, (batch, 1), a value in its own unit.",
        "crop": config.crop.model_dump_json(),
        "crop_meaning": "Turn, scale and shift each face (least squares) so that left eye, right eye, nose, left and "
        "right mouth corner, as seen in the picture, come closest to these XY pixels of the crop.",
        "preprocessing": f"inside the graph: {'grey, ' if config.grey else ''}scaled to 0-1, resized to "
        f"{config.input_size} px, mean {list(config.mean)} subtracted, divided by {list(config.std)}",
        "temperature": str(config.temperature),
        "limits": "An expression is what a face shows; it is not what a person feels. Not for judging, selecting or "
        "watching people (Regulation (EU) 2024/1689, Articles 5(1)(f) and 50(3)).",
    }


def example_crops(classifier: ExpressionClassifier, count: int = 32) -> np.ndarray:
    """`(count, S, S, 3)` uint8 crops of the face in the photo that ships, cut a little differently each time."""
    photo = open_image(EXAMPLE)
    face = FaceDetector().detect(photo)[0]
    shifts = np.random.default_rng(0).normal(0, 2, (count, *face.landmarks.shape))
    return np.stack([align_face(photo, face.landmarks + shift, classifier.config.crop) for shift in shifts])


def _write(classifier: ExpressionClassifier, reference: str, file: Path) -> None:
    size = classifier.config.crop.size
    example = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    names = "crops", ["probabilities", *(f"heads.{name}" for name in classifier.config.heads)]
    batch = {0: torch.export.Dim("batch")}
    write_graph(_PixelsToProbabilities(classifier), example, names, batch, describe(classifier, reference), file)


def _difference(classifier: ExpressionClassifier, file: Path) -> float | None:
    """Largest difference between an ONNX file and torch on crops of a real face; see `export_onnx`."""
    try:
        import onnxruntime  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        return None
    crops = example_crops(classifier)
    found, *further = onnxruntime.InferenceSession(file).run(None, {"crops": crops})
    expected = classifier.answers(torch.from_numpy(crops).permute(0, 3, 1, 2))
    differences = [np.abs(found - expected.probabilities.numpy()).max()]
    for (name, head), answer in zip(classifier.config.heads.items(), further, strict=True):
        unit = 1.0 if head.classes else head.std
        differences.append(np.abs(answer - expected.heads[name].numpy()).max() / unit)
    return float(max(differences))
