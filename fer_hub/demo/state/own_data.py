"""A visitor's own labelled pictures, evaluated like any dataset."""

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.state.zipped import ZippedPictures
from fer_hub.errors import InputError
from fer_hub.recognizer import ExpressionRecognizer

MAX_PHOTOS = 500
"""Of whole photos, whose faces have to be found first."""

_BATCH, _BATCH_PIXELS = 64, 4_000_000

Evaluating = Generator[float, None, tuple[LoadedEvaluation, list[str]]]
"""Yields the share of the pictures that is done; returns the evaluation, and sentences on what was left out."""


def evaluate_zip(path: str, recognizer: ExpressionRecognizer, models: list[str], photos: bool) -> Evaluating:
    """Name every picture of a zip, and score the answers.

    Args:
        path: the zip.
        recognizer: of `models`, which the report names.
        photos: whether pictures are whole photos, of which the largest face counts, instead of face crops.
    """
    # They take seconds to import, and the page must not wait for them.
    from fer_hub.evaluation.inference import predict  # noqa: PLC0415
    from fer_hub.evaluation.metrics import evaluate  # noqa: PLC0415

    pictures = ZippedPictures(path)
    if photos and len(pictures) > MAX_PHOTOS:
        raise InputError(f"{len(pictures):,} whole photos are too many; at most {MAX_PHOTOS} are evaluated.")
    if unknown := set(pictures.labels) - set(recognizer.labels):
        raise InputError(f"{', '.join(models)} cannot name {', '.join(sorted(unknown))}; leave these folders out.")
    ensemble = recognizer.ensemble
    broken: list[str] = []
    answered: list[tuple[list[int], list[str], np.ndarray]] = []
    for batch in _batches(pictures.sound(broken)):
        index, shown = [position for position, _ in batch], [picture for _, picture in batch]
        said = recognizer.largest_faces(shown) if photos else ensemble.probabilities(ensemble.crops(shown)).numpy()
        answered.append((index, [pictures.labels[position] for position in index], said))
        yield (index[-1] + 1) / len(pictures)
    predictions = predict(answered, lambda said: said, ensemble.labels)
    report = evaluate(
        predictions,
        model=" + ".join(models),
        dataset=pictures.name,
        dataset_revision=f"sha256:{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]}",
        split="all",
        temperature=ensemble.temperature,
        images_without_face=int((predictions.named < 0).sum()) if photos else None,
    )
    return LoadedEvaluation(report, predictions, pictures), _left_out(pictures, broken)


def _batches(pictures: Iterator[tuple[int, np.ndarray]]) -> Iterator[list[tuple[int, np.ndarray]]]:
    """As many as are named at once, fewer where they are large."""
    batch: list[tuple[int, np.ndarray]] = []
    pixels = 0
    for position, picture in pictures:
        batch.append((position, picture))
        pixels += picture.shape[0] * picture.shape[1]
        if len(batch) == _BATCH or pixels > _BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _left_out(pictures: ZippedPictures, broken: list[str]) -> list[str]:
    sentences = []
    if broken:
        names = ", ".join(broken[:3]) + (" and others" if len(broken) > 3 else "")
        sentences.append(f"{len(broken):,} pictures could not be read and were left out: {names}.")
    if pictures.other_files:
        sentences.append(f"{pictures.other_files:,} other files were left out.")
    return sentences
