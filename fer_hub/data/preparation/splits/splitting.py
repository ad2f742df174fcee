"""Making splits: whole groups, stratified by label, seeded, of exact sizes where the groups allow it."""

import numpy as np

from fer_hub.data.vocabulary.split_names import SPLITS
from fer_hub.errors import InputError


def make_splits(labels: np.ndarray, groups: np.ndarray, proportions: tuple[int, int, int], seed: int) -> np.ndarray:
    """`(N,)` names of splits for pictures with these labels and groups, both `(N,)`.

    Groups are dealt in a seeded order, the largest first: each goes where its labels are missing most.
    """
    shares = np.array(proportions) / sum(proportions)
    room = _sizes(len(labels), shares)
    names, numbers = np.unique(labels, return_inverse=True)
    wanted = np.maximum(shares[:, None] * np.bincount(numbers), 1e-9)  # (splits, labels)
    missing = wanted.copy()
    _, membership, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(membership, kind="stable"), np.cumsum(sizes)[:-1])
    chosen = np.empty(len(labels), np.int64)
    order = np.random.default_rng(seed).permutation(len(members))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        rows = members[group]
        counts = np.bincount(numbers[rows], minlength=len(names))
        need = (missing / wanted) @ counts
        fits = room >= len(rows)
        split = int(np.where(fits, need, -np.inf).argmax() if fits.any() else room.argmax())
        chosen[rows] = split
        room[split] -= len(rows)
        missing[split] -= counts
    got = np.bincount(chosen, minlength=len(SPLITS))
    if empty := [name for name, share, size in zip(SPLITS, shares, got, strict=True) if share and not size]:
        raise InputError(
            f"{len(labels):,} pictures in {len(members):,} groups (photos, copies of a picture) cannot be split "
            f"{':'.join(map(str, proportions))}: {' and '.join(empty)} would have none; give more pictures, other "
            "--proportions, or --duplicates keep."
        )
    return np.array(SPLITS)[chosen]


def _sizes(total: int, shares: np.ndarray) -> np.ndarray:
    """Whole numbers in these proportions that add up to the total."""
    ends = np.round(np.cumsum(shares) * total).astype(np.int64)
    return np.diff(ends, prepend=0)
