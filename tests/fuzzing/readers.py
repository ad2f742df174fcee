"""Everything that reads a stranger's file, each as a function of its bytes that ends in words or not at all."""

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from fer_hub import EXPRESSIONS, InputError, open_image
from fer_hub.demo.state.zipped import ZippedPictures
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.hub.references import BUNDLED
from fer_hub.video.reader import VideoFile
from fer_hub.vision import images
from tests.videos import write_video

MODEL = BUNDLED / "fer-live"


@contextmanager
def file_of(data: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def picture(data: bytes) -> None:
    with patch.object(images, "MAX_PIXELS", 1_000_000):  # not whole seconds for each
        read = open_image(data)
    assert read.dtype == np.uint8
    assert read.ndim == 3


def video(data: bytes) -> None:
    with file_of(data, "clip.mp4") as path:
        clip = VideoFile(path, max_seconds=60)
        for time, frame in islice(clip.frames(0.2, 64), 20):
            assert time >= 0
            assert frame.shape[2] == 3


def model_folder(data: bytes) -> None:
    """Even first byte: the rest is config.json; odd: the beginning of model.safetensors."""
    config, weights = MODEL / "config.json", MODEL / "model.safetensors"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "model")
        shutil.copytree(MODEL, folder)
        if data[:1] and data[0] % 2:
            (folder / weights.name).write_bytes(data[1:] + weights.read_bytes()[len(data) - 1 :])
        else:
            (folder / config.name).write_bytes(data[1:])
        model = ModelFolder(folder)
        with suppress(InputError):
            model.summary()
        model.load()


def evaluation(data: bytes) -> None:
    report = EvaluationReport.from_json(data)
    assert 0 <= report.accuracy <= 1
    assert EvaluationReport.from_json(report.to_json()) == report


def parquet(data: bytes) -> None:
    with file_of(data, "predictions.parquet") as path:
        found = Predictions.load(path, EXPRESSIONS)
    assert found.probabilities.shape == (len(found.labels), len(EXPRESSIONS))


def zipped(data: bytes) -> None:
    with file_of(data, "faces.zip") as path:
        for _ in ZippedPictures(path).sound([]):
            pass


READERS: dict[str, Callable[[bytes], None]] = {
    reader.__name__: reader for reader in (picture, video, model_folder, evaluation, parquet, zipped)
}


def survives(reader: str, data: bytes) -> None:
    """Let a reader read; whatever it raises but InputError is a fault."""
    said = ""
    try:
        READERS[reader](data)
    except InputError as error:
        said = str(error)
    assert said.isprintable()
    assert len(said) < 2_000


@cache
def seeds(reader: str) -> list[bytes]:
    """Small sound files, from which damaged ones are made."""
    if reader == "picture":
        image = Image.linear_gradient("L").resize((16, 16))
        return [*(encoded(image, kind) for kind in images.FORMATS), encoded(image, "JPEG", progressive=True)]
    if reader == "video":
        frames = [np.full((16, 16, 3), 40 * number, np.uint8) for number in range(4)] * 5
        kinds = {"a.mp4": "libx264", "a.webm": "libvpx", "a.avi": "mpeg4", "a.ts": "mpeg2video"}
        with tempfile.TemporaryDirectory() as folder:
            return [write_video(Path(folder, name), frames, rate=25, codec=c).read_bytes() for name, c in kinds.items()]
    if reader == "model_folder":
        return [
            b"\0" + (MODEL / "config.json").read_bytes(),
            b"\1" + (MODEL / "model.safetensors").read_bytes()[:9_000],
        ]
    if reader == "evaluation":
        report = json.loads((MODEL / "evaluation.json").read_text())
        return [json.dumps(report).encode(), (MODEL / "evaluation.json").read_bytes()]
    if reader == "parquet":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "predictions.parquet")
            answers = np.random.default_rng(0).dirichlet(np.ones(7), 9)
            Predictions(EXPRESSIONS, np.arange(9), np.arange(9) % 7, answers).save(path)
            return [path.read_bytes()]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("happy/1.png", encoded(Image.new("RGB", (9, 9)), "PNG"))
        packed.writestr("sad/2.jpg", encoded(Image.new("RGB", (9, 9)), "JPEG"))
    return [archive.getvalue()]


def encoded(image: Image.Image, kind: str, **options: bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
