"""Splits -> training, choosing and reporting parts -> batches."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from fer_hub.errors import InputError
from train.reference import Dataset
from train.split import Split


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
    return split.take(np.flatnonzero(~carved)), split.take(np.flatnonzero(carved), name)


def shuffled_batches(
    split: Split, batch_size: int, generator: torch.Generator, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `(crops, labels)` on a device over the whole split in a new order.

    A last batch of one picture is left out: BatchNorm cannot train on it.
    """
    order = torch.randperm(len(split), generator=generator).to(split.labels.device)
    for rows in order.split(batch_size):
        if len(rows) > 1:
            yield split.pictures[rows].to(device), split.labels[rows].to(device)


def one_ahead(batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the same batches, each made while the one before is used: reading a file does not hold up training."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
