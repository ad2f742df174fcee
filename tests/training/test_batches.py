from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator

from fer_hub.data.split import Split
from fer_hub.training.batches import Batch, TrainingBatches, near
from fer_hub.training.config.groups import TargetsConfig
from fer_hub.training.targets import training_targets
from tests.data.test_splits import some_split

CPU = torch.device("cpu")
ACCELERATOR = Accelerator(cpu=True)


def batches(
    split: Split, epoch: int = 1, start: int = 0, accelerator=ACCELERATOR, seed=0, balance="none"
) -> list[Batch]:
    targets = training_targets(split, TargetsConfig(balance=balance), CPU)
    return list(TrainingBatches(split, targets, 32, seed, accelerator).epoch(epoch, start))


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


def test_pictures_stay_where_they_are_without_a_gpu():
    held = some_split(100).pictures
    assert near(held, CPU) is held


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_gets_the_same_batches_from_its_own_memory():
    device = torch.device("cuda", torch.cuda.current_device())
    accelerator = SimpleNamespace(process_index=0, num_processes=1, device=device)
    given = batches(some_split(100), accelerator=accelerator)
    assert all(batch.crops.is_cuda and batch.targets.is_cuda for batch in given)
    assert numbers(given) == numbers(batches(some_split(100)))
    assert near(some_split(100).pictures, device).is_cuda
