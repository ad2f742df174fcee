from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_hub import InputError
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.data.splits import carve, load_splits
from tests.faces import write_dataset


def some_split(pictures: int, groups: np.ndarray | None = None) -> Split:
    labels = torch.arange(pictures) % 2
    index = np.arange(pictures)
    tensor = (torch.arange(pictures) % 256).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    return Split("train", tensor, labels, ("happy", "sad"), index, index if groups is None else groups)


def test_carving_keeps_groups_together_and_shares_alike():
    groups = np.repeat(np.arange(100), 2)[np.random.default_rng(0).permutation(200)]
    rest, carved = carve(some_split(200, groups), 0.2, 0, "validation")
    assert set(rest.group).isdisjoint(carved.group)
    assert sorted([*rest.index, *carved.index]) == list(range(200))
    assert len(carved) == 40
    assert carved.name == "validation"
    _, plain = carve(some_split(200), 0.2, 0, "validation")
    assert plain.labels.sum() == 20


def test_what_is_carved_to_judge_on_has_labels():
    labelled = np.arange(200) % 5 != 0
    rest, carved = carve(replace(some_split(200), labelled=labelled), 0.2, 0, "validation")
    assert carved.labelled is not None
    assert carved.labelled.all()
    assert 25 <= len(carved) < 40
    assert set(rest.index).isdisjoint(carved.index)
    assert rest.labelled is not None
    assert not rest.labelled.all()  # where votes may still be learnt


def test_carving_depends_on_the_seed_alone():
    first, again, other = (carve(some_split(200), 0.2, seed, "v")[1].index.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_too_few_pictures_to_carve_are_refused():
    with pytest.raises(InputError, match="too few to carve 10% of train off to validation"):
        carve(some_split(3), 0.1, 0, "validation")


@pytest.mark.parametrize(
    ("present", "reported", "said"),
    [
        ({"train": 20, "validation": 3, "test": 3}, "test", ""),
        ({"train": 20, "test": 3}, "test", "Choosing on 14 pictures carved from train"),
        ({"train": 20, "validation": 3}, "validation", "reporting on validation"),
        ({"train": 20}, "test", "No test split"),
    ],
)
def test_missing_splits_are_carved_and_said(tmp_path, caplog, present, reported, said):
    dataset = Dataset(str(write_dataset(tmp_path / "d", present)))
    with caplog.at_level("INFO"):
        train, validation, test = load_splits(dataset, 48, 1, 0.1, 0)
    assert test.name == reported
    assert said in caplog.text
    keys = [set(split.content_keys()) for split in (train, validation, test)]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]


def test_max_train_images_draws_with_the_seed(dataset_folder):
    dataset = Dataset(str(dataset_folder))
    train, validation, _ = load_splits(dataset, 48, 1, 0.2, 0, max_train_images=100)
    assert len(train) + len(validation) == 100
    again, _, _ = load_splits(dataset, 48, 1, 0.2, 0, max_train_images=100)
    assert again.index.tolist() == train.index.tolist()


def test_a_dataset_without_train_is_refused(tmp_path):
    with pytest.raises(InputError, match="no split 'train', only test"):
        load_splits(Dataset(str(write_dataset(tmp_path / "d", {"test": 2}))), 48, 1, 0.1, 0)
