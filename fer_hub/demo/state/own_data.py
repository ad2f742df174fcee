"""A visitor's own labelled pictures, evaluated like any dataset."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.state.zipped import ZippedPictures
from fer_hub.errors import InputError
from fer_hub.models.preprocessing import as_seen
from fer_hub.recognizer import ExpressionRecognizer

MAX_PHOTOS = 500
"""Of whole photos, whose faces have to be found first."""

_BATCH, _BATCH_PIXELS = 64, 4_000_000

Progress = Callable[[int, int], None]
"""Is told how many pictures are done, of how many."""


def evaluate_zip(
    path: str, recognizer: ExpressionRecognizer, models: list[str], photos: bool, progress: Progress
) -> tuple[LoadedEvaluation, list[str]]:
    """Name every picture of a zip, and score the answers.

    Args:
        path: the zip.
        recognizer: of `models`, which the report names.
        photos: whether pictures are whole photos, of which the largest face counts, instead of face crops.
        progress: see `Progress`.

    Returns:
        the evaluation, and sentences on what was left out
    """
    # They take seconds to import, and the page must not wait for them.
    from fer_hub.evaluation.metrics import evaluate  # noqa: PLC0415
    from fer_hub.evaluation.predictions import Predictions  # noqa: PLC0415

    pictures = ZippedPictures(path)
    if photos and len(pictures) > MAX_PHOTOS:
        raise InputError(f"{len(pictures):,} whole photos are too many; at most {MAX_PHOTOS} are evaluated.")
    if unknown := set(pictures.labels) - set(recognizer.labels):
        raise InputError(f"{', '.join(models)} cannot name {', '.join(sorted(unknown))}; leave these folders out.")
    answer = name_photos if photos else name_crops
    broken: list[str] = []
    index: list[int] = []
    rows = []
    for batch in _batches(pictures.sound(broken)):
        index += [position for position, _ in batch]
        rows.append(answer(recognizer, [picture for _, picture in batch]))
        progress(index[-1] + 1, len(pictures))
    if not index:
        raise InputError(f"none of the {len(pictures):,} pictures of {pictures.name} can be read.")
    labels = np.array([recognizer.labels.index(pictures.labels[position]) for position in index])
    predictions = Predictions(recognizer.labels, np.array(index), labels, np.concatenate(rows))
    report = evaluate(
        predictions.labels,
        predictions.probabilities,
        predictions.names,
        model=" + ".join(models),
        dataset=pictures.name,
        dataset_revision=f"sha256:{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]}",
        split="all",
        temperature=recognizer.classifiers[0].config.temperature if len(models) == 1 else 1.0,
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


def name_crops(recognizer: ExpressionRecognizer, crops: list[np.ndarray]) -> np.ndarray:
    """HWC uint8 RGB face crops of any size -> `(N, K)` probabilities, averaged over the models."""
    total = np.zeros((len(crops), len(recognizer.labels)))
    for classifier in recognizer.classifiers:
        config = classifier.config
        resized = [_resize(crop, config.crop.size, config.grey) for crop in crops]
        batch = as_seen(torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2), config)
        columns = [config.labels.index(label) for label in recognizer.labels]
        total += classifier.probabilities(batch).numpy()[:, columns]
    return total / len(recognizer.classifiers)


def name_photos(recognizer: ExpressionRecognizer, photos: list[np.ndarray]) -> np.ndarray:
    """HWC uint8 RGB photos -> `(N, K)` probabilities of the largest face, zeros where none is found."""
    rows = np.zeros((len(photos), len(recognizer.labels)))
    for row, photo in zip(rows, photos, strict=True):
        if faces := recognizer(photo):
            row[:] = [faces[0].probabilities[label] for label in recognizer.labels]
    return rows


def _resize(crop: np.ndarray, size: int, grey: bool) -> np.ndarray:
    """As training reads its pictures: grey first where the model has no use for colour."""
    image = Image.fromarray(crop).convert("L" if grey else "RGB").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(size, size, -1)


def _left_out(pictures: ZippedPictures, broken: list[str]) -> list[str]:
    sentences = []
    if broken:
        names = ", ".join(broken[:3]) + (" and others" if len(broken) > 3 else "")
        sentences.append(f"{len(broken):,} pictures could not be read and were left out: {names}.")
    if pictures.other_files:
        sentences.append(f"{pictures.other_files:,} other files were left out.")
    return sentences
