"""A model -> a folder that goes from a photo to labels without this code: four ONNX files, and how they are used."""

import shutil
from pathlib import Path
from string import Template

import numpy as np

from fer_hub.errors import InputError, plain
from fer_hub.export.detector import export_detector
from fer_hub.export.onnx_file import export_onnx
from fer_hub.files import new_folder
from fer_hub.hub.cards.origin import licence_text
from fer_hub.hub.references import resolve
from fer_hub.published_datasets import without_path

CLASSIFIER = "classifier.onnx"
STANDALONE = Path(__file__).with_name("standalone")
"""What goes into the folder beside the networks. Nothing in it imports fer_hub or torch."""


def export_folder(
    reference: str, folder: Path, precision: str = "fp32", crops: np.ndarray | None = None
) -> float | None:
    """Write a model, the face detector, photo_to_label.py and a README into a new folder.

    Args:
        reference: the model.
        folder: it must not exist.
        precision, crops: of the model, see `export_onnx`; the detector's networks are small, and stay as they are.

    Returns:
        How far the model's answers are from torch's, see `export_onnx`.

    Raises:
        InputError: see `export_onnx`; or the folder exists, or cannot be written.
        FerHubError: a file and torch disagree; nothing is kept.
    """
    try:
        with new_folder(folder) as unfinished:
            difference = export_onnx(reference, unfinished / CLASSIFIER, precision, crops)
            export_detector(unfinished)
            for script in STANDALONE.glob("*.py"):
                shutil.copyfile(script, unfinished / script.name)
            (unfinished / "README.md").write_text(_readme(reference), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}; choose another --output.") from None
    return difference


def _readme(reference: str) -> str:
    config = resolve(reference).config
    heads = "".join(
        f"; `heads.{plain(name)}`, "
        + (f"probabilities of {', '.join(map(plain, head.classes))}" if head.classes else "a value")
        for name, head in config.heads.items()
    )
    template = Template((STANDALONE / "README.md.template").read_text(encoding="utf-8"))
    return template.substitute(
        model=plain(without_path(reference)),
        size=config.crop.size,
        labels=", ".join(config.labels),
        heads=heads,
        licence=licence_text(config),
    )
