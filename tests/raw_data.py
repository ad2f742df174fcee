"""Datasets as they are published, in small, written by the tests, and the command that prepares them."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import datasets
import numpy as np
from PIL import Image

from fer_hub import EXPRESSIONS
from fer_hub.vision.images import EXAMPLE
from tests.faces import draw_face
from train import prepare_data

Face = tuple[str, tuple[int, int, int, int], str]
"""Name of the photo, XYXY box, expression."""

USAGES = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}


def noise(seed: int, height: int, width: int) -> np.ndarray:
    """An HWC uint8 RGB picture that resembles no other."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def write_table(file: Path, rows: Iterable[Sequence[object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def write_expw(folder: Path, photos: int, faces: int, extra_lines: Sequence[str] = ()) -> list[Face]:
    """Write `label.lst` and photos with so many faces side by side, in no order, and return the faces."""
    rng = np.random.default_rng(0)
    (folder / "image" / "origin").mkdir(parents=True)
    (folder / "label").mkdir()
    listed: list[Face] = []
    lines = list(extra_lines)
    for number in range(photos):
        name = f"angry_man_{number}.jpg"
        photo = np.concatenate([noise(1000 * number + face, 60, 50) for face in range(faces)], axis=1)
        Image.fromarray(photo).save(folder / "image" / "origin" / name)
        for face in range(faces):
            left, top = 50 * face + int(rng.integers(0, 10)), int(rng.integers(0, 15))
            box, label = (left, top, left + 40, top + 45), int(rng.integers(7))
            listed.append((name, box, EXPRESSIONS[label]))
            # name, face, top, left, right, bottom, confidence, label
            lines.append(f"{name} {face} {box[1]} {box[0]} {box[2]} {box[3]} {rng.uniform(20, 99):.2f} {label}")
    rng.shuffle(lines)
    (folder / "label" / "label.lst").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return listed


def fer2013_faces(per_split: dict[str, int]) -> list[tuple[str, str, np.ndarray]]:
    """Split, expression and 48 x 48 grey pixels of drawn faces, in the order of the published file."""
    rng = np.random.default_rng(1)
    return [
        (split, expression, np.asarray(draw_face(expression, rng)))
        for split, count in per_split.items()
        for expression in rng.choice(EXPRESSIONS, count)
    ]


def write_fer2013_csv(file: Path, faces: list[tuple[str, str, np.ndarray]]) -> None:
    rows = [
        (EXPRESSIONS.index(expression), " ".join(map(str, pixels.ravel())), USAGES[split])
        for split, expression, pixels in faces
    ]
    write_table(file, [("emotion", "pixels", "Usage"), *rows])


def photo_with_face(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A photo of a real person, turned a little, somewhere in a picture of nothing."""
    rng = np.random.default_rng(seed)
    photo = Image.fromarray(noise(seed, height, width))
    person = Image.open(EXAMPLE).crop((120, 20, 320, 220)).rotate(int(rng.integers(-8, 9)))
    photo.paste(person, (int(rng.integers(0, width - 200)), int(rng.integers(0, height - 200))))
    return photo


def write_photos(folder: Path, per_class: int, labels: Sequence[str] = ("happy", "sad"), empty: int = 0) -> Path:
    """Write so many photos of each class, and so many in which nobody is."""
    for place, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for number in range(per_class):
            photo_with_face(1000 * place + number).save(folder / label / f"{number}.jpg")
        for number in range(empty):
            Image.fromarray(noise(1000 * place + 500 + number, 480, 640)).save(folder / label / f"empty_{number}.jpg")
    return folder


def prepare(source: str, raw: Path, output: Path, *flags: str) -> tuple[datasets.DatasetDict, dict]:
    """Run the command, and load what it wrote: the dataset and its report."""
    prepare_data.main([source, "--raw", str(raw), "--output", str(output), *flags])
    loaded = datasets.load_dataset(str(output))
    return loaded, json.loads((output / "report.json").read_text(encoding="utf-8"))


def words(rows: datasets.Dataset) -> list[str | None]:
    return [None if label is None else rows.features["label"].names[label] for label in rows["label"]]


def all_rows(loaded: datasets.DatasetDict) -> datasets.Dataset:
    return datasets.concatenate_datasets(list(loaded.values()))
