"""Strangers' zips: what is read, and what is refused in one sentence."""

import io
import zipfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError
from fer_hub.data.reference import Dataset
from fer_hub.demo.state import zipped
from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.state.own_data import Evaluating, evaluate_zip
from fer_hub.demo.state.zipped import ZippedPictures
from fer_hub.evaluation.inference import predict_crops
from tests.faces import write_dataset
from tests.vision.test_formats import exif_of, with_metadata


def png(side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(file, "PNG")
    return file.getvalue()


def pack(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_pictures_are_labelled_by_their_folder_in_any_language(tmp_path):
    path = pack(
        tmp_path / "a.zip",
        {"all/train/Happiness/1.PNG": png(), "all/traurig/2.png": png(), "all/notes.txt": b"hello"}
        | {"__MACOSX/happy/._1.png": b"x", "happy/.DS_Store.png": b"x"},
    )
    pictures = ZippedPictures(path)
    assert pictures.labels == ["happy", "sad"]
    assert pictures.other_files == 1
    assert [picture.shape for picture in pictures.read([1, 0])] == [(8, 8, 3)] * 2


@pytest.mark.parametrize(
    ("files", "method", "message"),
    [
        ({}, zipfile.ZIP_STORED, "holds no picture"),
        ({"happy/notes.txt": b"hello"}, zipfile.ZIP_STORED, "holds no picture"),
        ({"cats/1.png": png()}, zipfile.ZIP_STORED, r"name no expression: 'cats' \(1\)"),
        ({"1.png": png()}, zipfile.ZIP_STORED, "'no folder'"),
        ({"../happy/1.png": png()}, zipfile.ZIP_STORED, "names a place outside itself"),
        ({"/etc/happy/1.png": png()}, zipfile.ZIP_STORED, "names a place outside itself"),
        ({"happy/1.png": png()}, zipfile.ZIP_LZMA, "packed in an unusual way"),
        ({"happy/1.png": bytes(zipped.MAX_BYTES + 1)}, zipfile.ZIP_DEFLATED, "MB unpacked; at most 100 MB"),
        ({f"happy/{n}.png": b"" for n in range(zipped.MAX_PICTURES + 1)}, zipfile.ZIP_STORED, "holds 5,001 pictures"),
    ],
)
def test_what_may_not_be_in_a_zip(tmp_path, files, method, message):
    with pytest.raises(InputError, match=message):
        ZippedPictures(pack(tmp_path / "a.zip", files, method))


def test_files_that_are_no_zips(tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(InputError, match=r"text\.zip is not a zip that can be read"):
        ZippedPictures(tmp_path / "text.zip")
    whole = pack(tmp_path / "a.zip", {"happy/1.png": png()}).read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut.zip").write_bytes(whole[:end])
        with pytest.raises(InputError, match=r"cut\.zip"):
            ZippedPictures(tmp_path / "cut.zip")


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(tmp_path, monkeypatch):
    path = pack(tmp_path / "a.zip", {f"happy/{n}.png": b"" for n in range(100)})
    monkeypatch.setattr(zipped, "_MAX_LISTING_BYTES", 1000)
    with pytest.raises(InputError, match="lists too many files"):
        ZippedPictures(path)


def test_a_picture_that_unpacks_to_more_than_its_entry_says_is_cut_off(tmp_path):
    path = pack(tmp_path / "a.zip", {"happy/1.png": bytes(10_000_000), "happy/2.png": png()})
    data = bytearray(path.read_bytes())
    listed = data.rindex(b"happy/1.png") - 46  # its size as the listing says it
    data[listed + 24 : listed + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    broken: list[str] = []
    assert [position for position, _ in ZippedPictures(path).sound(broken)] == [1]
    assert broken == ["happy/1.png"]


def run(steps: Evaluating) -> tuple[list[float], tuple[LoadedEvaluation, list[str]]]:
    """The shares that are told on the way, and the result."""
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as finished:
            return shares, finished.value


def test_pictures_that_cannot_be_read_are_named_and_left_out(tmp_path, model_folder):
    path = pack(tmp_path / "a.zip", {"happy/1.png": png(), "happy/2.png": b"broken", "sad/3.png": png(), "a.txt": b""})
    recognizer = ExpressionRecognizer.from_pretrained(str(model_folder))
    _, (evaluated, told) = run(evaluate_zip(str(path), recognizer, ["tiny"], False))
    assert evaluated.report.images == 2
    assert told == ["1 pictures could not be read and were left out: happy/2.png.", "1 other files were left out."]


def test_megapixels_are_counted_over_all_pictures(tmp_path, monkeypatch):
    path = pack(tmp_path / "a.zip", {"happy/1.png": png(20), "sad/2.png": png(20)})
    monkeypatch.setattr(zipped, "MAX_PIXELS", 600)
    with pytest.raises(InputError, match="megapixels together"):
        list(ZippedPictures(path).sound([]))


def test_damaged_pictures_and_scans_count_as_what_they_cost(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped, "MAX_PIXELS", 600)
    damaged = pack(tmp_path / "damaged.zip", {f"happy/{n}.png": png(20)[:-30] for n in range(3)})
    with pytest.raises(InputError, match="megapixels together"):
        list(ZippedPictures(damaged).sound([]))
    file = io.BytesIO()
    Image.new("RGB", (20, 20)).save(file, "JPEG", progressive=True)
    with pytest.raises(InputError, match="megapixels together"):
        list(ZippedPictures(pack(tmp_path / "scans.zip", {"happy/1.jpg": file.getvalue()})).sound([]))


def test_metadata_is_bounded_before_a_picture_is_opened(tmp_path):
    exif = with_metadata("JPEG", exif_of(5_000, 65_000))
    broken: list[str] = []
    sound = ZippedPictures(pack(tmp_path / "a.zip", {"happy/1.jpg": exif, "happy/2.png": png()})).sound(broken)
    with patch("PIL.TiffImagePlugin.ImageFileDirectory_v2.load", side_effect=AssertionError("read")):
        assert [position for position, _ in sound] == [1]
    assert broken == ["happy/1.jpg"]


def test_names_in_a_zip_are_printable(tmp_path):
    path = pack(tmp_path / "a.zip", {"happy/\x1b[31m.png": b"broken", "happy/2.png": png()})
    broken: list[str] = []
    assert len(list(ZippedPictures(path).sound(broken))) == 1
    assert broken == ["happy/\\x1b[31m.png"]


def test_a_zip_that_is_gone_says_so(tmp_path):
    path = pack(tmp_path / "a.zip", {"happy/1.png": png()})
    pictures = ZippedPictures(path)
    path.unlink()
    with pytest.raises(InputError, match="was deleted after a while"):
        pictures.read([0])


def test_a_zip_gets_the_same_answers_as_the_folder_it_was_packed_from(tmp_path, model_folder):
    folder = write_dataset(tmp_path / "faces", {"test": 3}, seed=5)
    files = {str(file.relative_to(folder / "test")): file.read_bytes() for file in sorted(folder.rglob("*.png"))}
    path = pack(tmp_path / "faces.zip", files)
    recognizer = ExpressionRecognizer.from_pretrained(str(model_folder))
    shares, (evaluated, _) = run(evaluate_zip(str(path), recognizer, ["tiny"], False))
    assert shares == sorted(shares)
    assert shares[-1] == 1

    expected = predict_crops(recognizer.ensemble, Dataset(str(folder)), "test")
    assert evaluated.predictions is not None
    for label in range(len(EXPRESSIONS)):
        ours = evaluated.predictions.probabilities[evaluated.predictions.labels == label]
        theirs = expected.probabilities[expected.labels == label]
        assert np.allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), atol=1e-6)
