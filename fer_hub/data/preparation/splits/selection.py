"""Which faces a dataset keeps, in which split, and what must stay together, in the light of its duplicates."""

from dataclasses import dataclass

import numpy as np

from fer_hub.data.preparation.splits.duplicates import Copies, count_copies, exact_sets, join, near_sets
from fer_hub.data.preparation.splits.index import Index
from fer_hub.data.preparation.splits.splitting import make_splits
from fer_hub.errors import InputError

POLICIES = ("keep", "drop", "group")
_DROP_LAST = {"test": 0, "validation": 1, "train": 2}


@dataclass(frozen=True)
class Selection:
    """The decision for each face of an index."""

    kept: np.ndarray
    """`(N,)` bool."""
    split: np.ndarray
    """`(N,)` names of splits."""
    group: np.ndarray
    """`(N,)` names of groups; all copies of a picture bear one name, whatever was decided about them."""
    duplicate: np.ndarray
    """`(N,)` "exact" where the same picture is in the dataset again, "near" where a similar one is, otherwise ""."""
    exact: Copies
    near: Copies
    """Copies in the dataset as it is: `near` counts exact ones too."""
    dropped: int


def choose_policy(asked: str | None, published: bool) -> str:
    """The policy asked for, or the default; InputError for one that published splits forbid."""
    if published and asked == "group":
        raise InputError("--duplicates group would move pictures between the published splits; choose keep or drop.")
    return asked or ("keep" if published else "group")


def select(index: Index, policy: str, proportions: tuple[int, int, int], seed: int) -> Selection:
    """Decide, by one of `POLICIES`. `group` is for datasets without published splits: copies share a split.

    `drop` keeps one of each set of copies: in published splits the one in test, or else in validation.
    """
    exact, near = exact_sets(index.content), near_sets(index.look)
    published = index.split[0] is not None
    kept = np.ones(len(index), bool)
    if policy == "drop":
        rank = np.array([_DROP_LAST.get(split, 0) for split in index.split])
        order = np.argsort(rank, kind="stable")
        kept[:] = False
        kept[order[np.unique(near[order], return_index=True)[1]]] = True

    together = _numbers(index)
    merged = join(together, together, together[_first_of(near)])
    split = index.split.copy()
    if not published:
        groups = merged if policy == "group" else together
        split[kept] = make_splits(index.label[kept].astype(str), groups[kept], proportions, seed)
    duplicate = np.where(_repeats(exact, kept), "exact", np.where(_repeats(near, kept), "near", ""))
    copies, near_copies = (
        count_copies(sets[kept], split[kept].astype(str), index.label[kept], index.file[kept]) for sets in (exact, near)
    )
    group = index.group[_first_of(merged)]
    return Selection(kept, split, group, duplicate, copies, near_copies, dropped=int((~kept).sum()))


def _numbers(index: Index) -> np.ndarray:
    """`(N,)` numbers of the groups that are known; a face without one is a group of its own."""
    known = np.unique(index.group.astype(str), return_inverse=True)[1]
    return np.where(index.alone, known.max() + 1 + np.arange(len(index)), known)


def _first_of(sets: np.ndarray) -> np.ndarray:
    """`(N,)` for each row the first row of its set."""
    _, first, membership = np.unique(sets, return_index=True, return_inverse=True)
    return first[membership]


def _repeats(sets: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """`(N,)` whether another kept row is in the same set."""
    _, membership = np.unique(sets, return_inverse=True)
    return np.bincount(membership, weights=kept)[membership] > 1
