import numpy as np
import pytest

from fer_hub import InputError
from fer_hub.data import crop_check
from fer_hub.data.crop_check import check_crops, check_split, refuse_photos
from fer_hub.data.reference import Dataset
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.conftest import SHARED
from tests.faces import write_dataset
from tests.raw_data import noise, photo_with_face, write_photos


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    picture = np.asarray(photo_with_face(0))
    return align_face(picture, FaceDetector().detect(picture)[0].landmarks, FER2013_GEOMETRY)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def test_crops_and_photos_are_told_apart(crop):
    crops, photos = [crop] * 8, [np.asarray(photo_with_face(number)) for number in range(4)]
    assert check_crops(crops).kind == "face crops"
    assert check_crops(crops).share > 0.5
    found = check_crops(photos)
    assert (found.kind, found.looked_at, found.found) == ("whole photos", 4, 4)
    assert found.share < 0.1
    assert "in 4 of 4 looked at a face is found, which covers" in found.in_words
    assert check_crops(crops + photos[:2]).kind == "whole photos"  # some are enough: they would be squeezed


def test_without_faces_nothing_is_claimed():
    found = check_crops([noise(number, 60, 60) for number in range(3)])
    assert (found.kind, found.found) == ("pictures", 0)
    assert found.in_words == "the face finder finds a face in 0 of 3 looked at, too few to tell"
    assert check_crops([]).kind == "pictures"


def test_whole_photos_are_refused_with_the_command_that_prepares_them(tmp_path):
    folder = write_photos(tmp_path / "my photos", 3)
    with pytest.raises(InputError, match="holds whole photos: in 6 of 6 looked at a face is found") as error:
        refuse_photos(Dataset(str(folder)), "train")
    assert f"prepare_data.py folder --raw '{folder}' --output 'my photos-faces'; or" in str(error.value)
    assert "--crop landmarks" in str(error.value)


def test_what_was_found_is_remembered(tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", 2)
    first = check_split(Dataset(str(folder)), "train")
    monkeypatch.setattr(crop_check, "FaceDetector", None)  # is not asked again
    assert check_split(Dataset(str(folder)), "train") == first
    (folder / "happy" / "0.jpg").unlink()
    with pytest.raises(TypeError):
        check_split(Dataset(str(folder)), "train")


def test_drawn_faces_are_let_through(tmp_path):
    refuse_photos(Dataset(str(write_dataset(tmp_path / "drawn", {"train": 2}))), "train")


@pytest.mark.skipif(not (SHARED / "data/fer2013").is_dir(), reason="FER-2013 is not on this machine")
@pytest.mark.parametrize("name", ["fer2013", "wild"])
def test_published_crops_are_crops(name):
    dataset = Dataset(str(SHARED / "data" / name))
    assert check_split(dataset, dataset.split_names[-1]).kind == "face crops"
