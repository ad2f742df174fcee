from pathlib import Path
from types import SimpleNamespace

import datasets
import numpy as np
import psutil
import pytest
import torch

from fer_hub import InputError
from fer_hub.data import split
from fer_hub.data.reference import Dataset
from fer_hub.data.split import empty_pictures
from train import finetune


@pytest.fixture
def no_memory(monkeypatch, tmp_path):
    """A machine whose memory is full, so that all pictures go to a file; gives the folder where it lies."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=0))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def mapped(folder: Path) -> int:
    """Bytes of files of that folder that are mapped into this process."""
    return sum(area.size for area in psutil.Process().memory_maps(grouped=False) if str(folder) in area.path)


def test_pictures_that_do_not_fit_lie_in_a_file_without_a_name(no_memory):
    pictures = empty_pictures((300, 1, 8, 8))
    assert mapped(no_memory) >= 300 * 64
    assert list(no_memory.iterdir()) == []  # nothing is left behind, however the process ends
    pictures[5] = 7
    assert pictures[5].float().mean() == 7
    assert not pictures[4].any()


def test_a_disk_without_room_is_refused(no_memory):
    with pytest.raises(InputError, match=r"take 4000000\.0 GB.*set HF_HOME to a folder on a larger disk"):
        empty_pictures((4_000_000, 1000, 1000, 1000))


def test_where_pictures_lie_changes_nothing(dataset_folder, monkeypatch, request):
    dataset = Dataset(str(dataset_folder))
    in_memory = dataset.read("train", 48, 1)
    cache = request.getfixturevalue("no_memory")
    assert mapped(cache) == 0
    in_file = dataset.read("train", 48, 1)
    size = mapped(cache)
    assert size >= in_file.pictures.nbytes
    assert torch.equal(in_file.pictures, in_memory.pictures)
    assert (in_file.content_keys() == in_memory.content_keys()).all()
    part = in_file.take(np.array([9, 2]), "part")
    assert mapped(cache) > size
    assert torch.equal(part.pictures, in_memory.pictures[[9, 2]])
    assert part.index.tolist() == [9, 2]


@pytest.mark.slow
def test_training_from_a_file_gives_the_same_weights(dataset_folder, tmp_path, request):
    settings = f"--dataset {dataset_folder} --epochs 1 --max-train-images 120 --validation-share 0.2 --device cpu"
    finetune.main([*settings.split(), "--output", str(tmp_path / "memory")])
    request.getfixturevalue("no_memory")
    finetune.main([*settings.split(), "--output", str(tmp_path / "file")])
    memory, file = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("memory", "file"))
    assert memory == file


def test_pixel_statistics_are_those_of_all_pixels(monkeypatch):
    monkeypatch.setattr(split, "PIECE", 7)
    pictures = torch.randint(0, 256, (20, 3, 5, 5), dtype=torch.uint8)
    mean, std = split.Split(
        "train", pictures, torch.zeros(20, dtype=torch.int64), ("happy", "sad"), np.arange(20), np.arange(20)
    ).pixel_statistics()
    values = pictures.double() / 255
    assert torch.allclose(mean, values.mean(dim=(0, 2, 3)))
    assert torch.allclose(std, values.std(dim=(0, 2, 3), correction=0))


def test_a_part_keeps_which_pictures_have_a_label():
    pictures = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    labelled = np.array([True, False, True, False])
    votes = torch.eye(4)[:, :2]
    whole = split.Split(
        "train", pictures, torch.arange(4) % 2, ("happy", "sad"), np.arange(4), np.arange(4), votes, labelled
    )
    part = whole.take(np.array([3, 2]))
    assert part.labelled is not None
    assert part.votes is not None
    assert part.labelled.tolist() == [False, True]
    assert torch.equal(part.votes, votes[[3, 2]])
