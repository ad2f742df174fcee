"""A training split -> the batches of an epoch, in an order that the seed alone decides."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from fer_hub.data.split import Split
from fer_hub.training.config import FinetuneConfig
from fer_hub.training.targets import class_weights


class Batch(NamedTuple):
    """What one process trains on in one step."""

    crops: Tensor
    """`(N, C, S, S)` uint8."""
    targets: Tensor
    """`(N,)` labels or `(N, K)` distributions."""
    auxiliary: dict[str, Tensor]
    share: float
    """Of the step's pictures over all processes, times the number of processes: 1 where all have as many."""


def training_batches(
    train: Split, targets: Tensor, config: FinetuneConfig, epoch: int, start: int, accelerator: Accelerator
) -> Iterator[Batch]:
    """Yield the batches of an epoch from step `start` on, in an order that the seed and the epoch alone decide.

    Every process takes its share of the same global batch. A last batch in which a process would get one picture is
    left out: BatchNorm cannot train on it.
    """
    rank, processes, device = accelerator.process_index, accelerator.num_processes, accelerator.device
    for rows in epoch_order(train, config, epoch).split(config.batch_size)[start:]:
        own = rows[rank::processes]
        if len(rows) >= 2 * processes:
            yield Batch(
                train.pictures[own].to(device),
                targets[own].to(device),
                {column: labels[own].to(device) for column, labels in train.auxiliary.items()},
                len(own) * processes / len(rows),
            )


def epoch_order(train: Split, config: FinetuneConfig, epoch: int) -> Tensor:
    """`(N,)` rows of an epoch: each once, or drawn so that all expressions are shown equally often."""
    generator = torch.Generator().manual_seed(mixed_seed(config.seed, epoch))
    if config.balance != "sampling":
        return torch.randperm(len(train), generator=generator)
    return torch.multinomial(class_weights(train)[train.labels], len(train), replacement=True, generator=generator)


def mixed_seed(*numbers: int) -> int:
    """One seed from several numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint32)[0])


def one_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Yield the same batches, each made while the one before is used: reading a file does not hold up training."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
