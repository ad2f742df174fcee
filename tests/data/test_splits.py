from types import SimpleNamespace

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from fer_hub import InputError
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.data.splits import carve, load_splits
from fer_hub.training.batches import Batch, one_ahead, training_batches
from fer_hub.training.config import FinetuneConfig
from tests.faces import write_dataset

CPU = torch.device("cpu")
ACCELERATOR = Accelerator(cpu=True)


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


def test_carving_depends_on_the_seed_alone():
    first, again, other = (carve(some_split(200), 0.2, seed, "v")[1].index.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_too_few_pictures_to_carve_are_refused():
    with pytest.raises(InputError, match="too few to carve 10% from train"):
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
def test_missing_splits_are_carved_and_said(tmp_path, capsys, present, reported, said):
    dataset = Dataset(str(write_dataset(tmp_path / "d", present)))
    train, validation, test = load_splits(dataset, 48, 1, 0.1, 0)
    assert test.name == reported
    assert said in capsys.readouterr().out
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


def batches(split: Split, epoch: int = 1, start: int = 0, accelerator=ACCELERATOR, **settings) -> list[Batch]:
    config = FinetuneConfig(batch_size=32, **settings)
    return list(one_ahead(training_batches(split, split.labels, config, epoch, start, accelerator)))


def numbers(given: list[Batch]) -> list[int]:
    """Which pictures of `some_split` batches hold."""
    return torch.cat([batch.crops[:, 0, 0, 0] for batch in given]).tolist()


def test_batches_hold_every_picture_once_with_its_own_label():
    given = batches(some_split(100))
    assert [len(batch.targets) for batch in given] == [32, 32, 32, 4]
    assert sorted(numbers(given)) == list(range(100))
    assert numbers(given) != list(range(100))
    assert torch.equal(torch.cat([batch.targets for batch in given]), torch.tensor(numbers(given)) % 2)


def test_the_order_depends_on_seed_and_epoch_alone_and_can_be_taken_up_anywhere():
    first = numbers(batches(some_split(100)))
    assert numbers(batches(some_split(100))) == first
    assert numbers(batches(some_split(100), epoch=2)) != first
    assert numbers(batches(some_split(100), seed=1)) != first
    assert numbers(batches(some_split(100), start=2)) == first[64:]


def test_processes_share_the_same_batches():
    shares = [
        batches(some_split(99), accelerator=SimpleNamespace(process_index=rank, num_processes=2, device=CPU))
        for rank in range(2)
    ]
    assert [len(batch.targets) for batch in shares[0]] == [16, 16, 16]  # 3 are too few for two to train on
    whole = batches(some_split(99))
    for one, other, both in zip(*shares, whole, strict=False):
        assert sorted(numbers([one]) + numbers([other])) == sorted(numbers([both]))
        assert one.share == other.share == 1


def test_a_last_batch_of_one_is_left_out():
    assert len(batches(some_split(33))) == 1


def test_sampling_shows_rare_expressions_as_often():
    rare = some_split(1000)
    rare.labels[:] = (torch.arange(1000) < 50).long()
    drawn = torch.cat([batch.targets for batch in batches(rare, balance="sampling")])
    assert len(drawn) == 1000
    assert 400 < drawn.sum() < 600
