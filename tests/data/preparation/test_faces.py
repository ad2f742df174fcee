import datasets
import pytest

from fer_hub.data.preparation.faces import faces_of
from fer_hub.data.preparation.prepare import Settings
from fer_hub.data.raw.forms import Reading
from tests.raw_data import write_photos


@pytest.mark.slow
def test_faces_are_cut_out_once_for_the_same_photos(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    for split in ("train", "test"):
        write_photos(tmp_path / "my photos" / split, 2)
    photos, settings = str(tmp_path / "my photos"), Settings(crop="landmarks", processes=1)
    first = faces_of(photos, Reading(), settings)
    made = (first / "report.json").stat().st_mtime_ns
    loaded = datasets.load_dataset(str(first))
    assert {image.size for image in loaded["train"]["image"]} == {(96, 96)}
    assert "/my-photos-faces-" in str(first)
    assert faces_of(photos, Reading(), settings) == first
    assert (first / "report.json").stat().st_mtime_ns == made
    assert str(tmp_path) not in (first / "README.md").read_text()  # no path of this machine
    by_box = faces_of(photos, Reading(), Settings(crop="box", processes=1))
    (tmp_path / "my photos" / "train" / "sad" / "0.jpg").unlink()
    assert len({first, by_box, faces_of(photos, Reading(), settings)}) == 3
