"""A dataset -> training, validation and test splits; where one is missing, a part of `train` stands in for it."""

import logging

import numpy as np
from sklearn.model_selection import train_test_split

from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.errors import InputError

logger = logging.getLogger(__name__)


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
        logger.info("No test split in %s: %s pictures of train stand in for it.", dataset.reference, f"{len(test):,}")
    else:
        test = dataset.read(held_out[0], size, channels)
    if len(held_out) == 2:
        return train, dataset.read("validation", size, channels), test
    train, validation = carve(train, share, seed, "validation")
    logger.info(
        "Choosing on %s pictures carved from train (seed %d, stratified, copies kept together); reporting on %s.",
        f"{len(validation):,}",
        seed,
        test.name,
    )
    return train, validation, test


def carve(split: Split, share: float, seed: int, name: str) -> tuple[Split, Split]:
    """Part a split in two by groups, stratified by label and seeded; the second gets about `share`."""
    groups, first, membership = np.unique(split.group, return_index=True, return_inverse=True)
    labels = split.labels.numpy()[first]
    try:
        _, chosen = train_test_split(np.arange(len(groups)), test_size=share, random_state=seed, stratify=labels)
    except ValueError:
        raise InputError(
            f"{len(split)} pictures are too few to carve {share:.0%} of {split.name} off to {name}, with each of the "
            f"{len(np.unique(labels))} expressions on both sides; give more pictures of each, a larger "
            "--validation-share, or a dataset with splits of its own."
        ) from None
    carved = np.isin(membership, chosen)
    judged = carved if split.labelled is None else carved & split.labelled
    return split.take(np.flatnonzero(~carved)), split.take(np.flatnonzero(judged), name)
