"""Splits -> training, choosing and reporting parts -> batches."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.model_selection import train_test_split
from torch import Tensor

from fer_hub.errors import InputError
from train.config import FinetuneConfig
from train.reference import Dataset
from train.split import Split
from train.targets import class_weights


def load_splits(
    dataset: Dataset, size: int, channels: int, share: float, seed: int, max_train_images: int | None = None
) -> tuple[Split, Split, Split]:
    """Read train, validation (to choose on) and test (to report), and say what stands in for a missing one.

    A dataset with `validation` but no `test` reports on `validation` and chooses on a part of `train`.
    """
    if "train" not in dataset.rows:
        raise InputError(f"{dataset.reference} has no split 'train', only {', '.join(dataset.rows)}.")
    rows = np.arange(len(dataset.rows["train"]))
    if max_train_images is not None and max_train_images < len(rows):
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:max_train_images])
    train = dataset.read("train", size, channels, rows)
    held_out = [name for name in ("test", "validation") if name in dataset.rows]
    if not held_out:
        train, test = carve(train, share, seed, "test")
        print(f"No test split in {dataset.reference}: {len(test):,} pictures of train stand in for it.")
    else:
        test = dataset.read(held_out[0], size, channels)
    if len(held_out) == 2:
        return train, dataset.read("validation", size, channels), test
    train, validation = carve(train, share, seed, "validation")
    print(
        f"Choosing on {len(validation):,} pictures carved from train (seed {seed}, stratified, copies kept "
        f"together); reporting on {test.name}."
    )
    return train, validation, test


def carve(split: Split, share: float, seed: int, name: str) -> tuple[Split, Split]:
    """Part a split in two by groups, stratified by label and seeded; the second gets about `share`."""
    groups, first, membership = np.unique(split.group, return_index=True, return_inverse=True)
    labels = split.labels.numpy()[first]
    try:
        _, chosen = train_test_split(np.arange(len(groups)), test_size=share, random_state=seed, stratify=labels)
    except ValueError as error:
        raise InputError(
            f"{len(split)} pictures are too few to carve {share:.0%} from {split.name} for each expression ({error}); "
            "give more pictures, or a dataset with splits of its own."
        ) from None
    carved = np.isin(membership, chosen)
    judged = carved if split.labelled is None else carved & split.labelled
    return split.take(np.flatnonzero(~carved)), split.take(np.flatnonzero(judged), name)


class Batch(NamedTuple):
    """What one process trains on in one step."""

    crops: Tensor
    """`(N, C, S, S)` uint8."""
    targets: Tensor
    """`(N,)` labels or `(N, K)` distributions."""
    further: dict[str, Tensor]
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
                {column: labels[own].to(device) for column, labels in train.further.items()},
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
