import numpy as np
import pytest
import torch

from fer_hub.data.geometry import measure_geometry
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.vision.alignment import align_face, similarity_transform
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.conftest import SHARED


def split_of(pictures: np.ndarray) -> Split:
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    index = np.arange(len(pictures))
    return Split("train", tensor, torch.zeros(len(pictures), dtype=torch.int64), ("happy", "sad"), index, index)


def test_landmarks_are_measured_where_they_lie_in_the_crops(photo):
    (face,) = FaceDetector().detect(photo)
    crop = align_face(photo, face.landmarks, FER2013_GEOMETRY)
    to_crop = similarity_transform(face.landmarks, np.array(FER2013_GEOMETRY.landmarks))
    measured, found, looked_at = measure_geometry(split_of(np.stack([crop] * 5)), seed=0)
    assert (found, looked_at) == (5, 5)
    assert measured.size == 48
    # Found again in a crop of 48 px, so to about a pixel.
    assert np.abs(measured.landmarks - (face.landmarks @ to_crop[:, :2].T + to_crop[:, 2])).max() < 1.2


def test_it_is_measured_once_for_a_dataset(photo, monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    (face,) = FaceDetector().detect(photo)
    crops = split_of(np.stack([align_face(photo, face.landmarks, FER2013_GEOMETRY)] * 3))
    first = measure_geometry(crops, 0, "sha256:1")
    monkeypatch.setattr("fer_hub.data.geometry.FaceDetector", None)  # is not asked again
    assert measure_geometry(crops, 0, "sha256:1") == first
    for other in ((crops, 0, "sha256:2"), (crops.take(np.array([0, 1])), 0, "sha256:1")):
        with pytest.raises(TypeError):
            measure_geometry(*other)


def test_without_faces_the_published_geometry_stands_in():
    measured, found, _ = measure_geometry(split_of(np.zeros((3, 96, 96, 1), np.uint8)), seed=0)
    assert found == 0
    assert measured.size == 96
    assert np.allclose(measured.landmarks, np.array(FER2013_GEOMETRY.landmarks) * 2, atol=0.01)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data/fer2013").is_dir(), reason="FER-2013 is not on this machine")
def test_the_constant_is_what_fer2013_measures():
    split = Dataset(str(SHARED / "data/fer2013")).read("train", 48, 1, np.arange(2000))
    measured, found, looked_at = measure_geometry(split, seed=0)
    assert found > 0.8 * looked_at
    assert np.abs(np.array(measured.landmarks) - FER2013_GEOMETRY.landmarks).max() < 0.5
