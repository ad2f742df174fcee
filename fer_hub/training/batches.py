"""A training split -> the batches of an epoch, in an order that the seed alone decides."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from fer_hub.data.split import Split
from fer_hub.errors import InputError
from fer_hub.training.targets import TrainingTargets


class Batch(NamedTuple):
    """What one process trains on in one step."""

    crops: Tensor
    """`(N, C, S, S)` uint8."""
    targets: Tensor
    """`(N,)` labels or `(N, K)` distributions."""
    auxiliary: dict[str, Tensor]
    share: float
    """Of the step's pictures over all processes, times the number of processes: 1 where all have as many."""
    seed: int
    """For all that is random in the step; it depends on run, epoch, step and process alone."""


class TrainingBatches:
    """The batches of each epoch for one process, on its device."""

    def __init__(
        self, train: Split, targets: TrainingTargets, batch_size: int, seed: int, accelerator: Accelerator
    ) -> None:
        self._train, self._targets, self._size, self._seed = train, targets, batch_size, seed
        self._rank, self._processes = accelerator.process_index, accelerator.num_processes
        self._device = accelerator.device
        self._pictures = near(train.pictures, self._device)
        if min(batch_size, len(train)) < 2 * self._processes:
            raise InputError(
                f"--batch-size {batch_size} of {len(train)} pictures leaves {self._processes} processes without two "
                "pictures each, which BatchNorm needs; give a larger one, more pictures, or fewer processes."
            )

    def __len__(self) -> int:
        """Steps of an epoch."""
        return math.ceil(len(self._train) / self._size)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from step `start` on, each made while the one before is trained on."""
        return _one_ahead(self._batches(number, start))

    def order(self, epoch: int) -> Tensor:
        """`(N,)` rows of an epoch: each once, or drawn so that all expressions are shown equally often."""
        generator = torch.Generator().manual_seed(mixed_seed(self._seed, epoch))
        weights = self._targets.sampling_weights
        if weights is None:
            return torch.randperm(len(self._train), generator=generator)
        return torch.multinomial(weights, len(self._train), replacement=True, generator=generator)

    def _batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """Every process takes its share of the same global batch.

        A last batch in which a process would get one picture is left out: BatchNorm cannot train on it.
        """
        for step, rows in enumerate(torch.split(self.order(epoch), self._size)[start:], start):
            own = rows[self._rank :: self._processes]
            if len(rows) >= 2 * self._processes:
                yield Batch(
                    self._moved(self._pictures[own.to(self._pictures.device)]),
                    self._moved(self._targets.values[own]),
                    {column: self._moved(known[own]) for column, known in self._train.auxiliary.items()},
                    len(own) * self._processes / len(rows),
                    mixed_seed(self._seed, epoch, step, self._rank),
                )

    def _moved(self, rows: Tensor) -> Tensor:
        """Rows on the device; to a GPU from pinned memory, which is copied while it computes."""
        if self._device.type != "cuda" or rows.is_cuda:
            return rows.to(self._device)
        return rows.pin_memory().to(self._device, non_blocking=True)


def near(pictures: Tensor, device: torch.device) -> Tensor:
    """The pictures in the memory of the GPU that trains on them, where a quarter of what is free holds them."""
    if device.type != "cuda" or pictures.nbytes > torch.cuda.mem_get_info(device)[0] // 4:
        return pictures
    return pictures.to(device)


def mixed_seed(*numbers: int) -> int:
    """One seed from several numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint32)[0])


def _one_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Yield the same batches, each made while the one before is used: reading a file does not hold up training."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
