"""Pictures that occur more than once: exactly, by content, and nearly, by perceptual hash."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import imagehash
import numpy as np
import torch
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

HASH_SIDE = 16
"""The hash holds the signs of 16 x 16 low frequencies: 256 bits. With the usual 64, different faces look alike."""

NEAR_BITS = 52
"""At most this many different bits make a near-duplicate. On FER-2013, pairs of up to 58 are the same photo, brighter,
darker or shifted, as far as one sees; different people begin at 64, and by chance 128 differ."""

_BLOCK = 2048


def fingerprints(picture: np.ndarray) -> tuple[str, bytes]:
    """Of an HWC uint8 RGB picture: a digest, equal where size and pixels are, and the packed perceptual hash."""
    content = hashlib.blake2b(repr(picture.shape).encode() + picture.tobytes(), digest_size=16).hexdigest()
    look = imagehash.phash(Image.fromarray(picture), hash_size=HASH_SIDE).hash
    return content, np.packbits(look).tobytes()


def exact_sets(contents: np.ndarray) -> np.ndarray:
    """`(N,)` numbers, equal where pictures have the same content."""
    return np.unique(contents, return_inverse=True)[1]


def near_sets(looks: np.ndarray) -> np.ndarray:
    """`(N,)` numbers, equal where pictures are near-duplicates, directly or through others.

    `looks` are `(N, 32)` uint8 hashes. Every pair of different ones is compared, a block against a block, so that
    memory stays flat.
    """
    hashes, members = np.unique(looks, axis=0, return_inverse=True)
    sets = np.arange(len(hashes))
    starts = range(0, len(hashes), _BLOCK)
    pairs = [(start, other) for start in starts for other in starts if other >= start]
    for start, other in tqdm(pairs, "comparing pictures", unit="block", leave=False):
        left, right = _signs(hashes[start : start + _BLOCK]), _signs(hashes[other : other + _BLOCK])
        # Equal bits minus different bits: 256 - 2 x different.
        near = (left @ right.T) >= left.shape[1] - 2 * NEAR_BITS
        rows, columns = (index.numpy() for index in torch.nonzero(near, as_tuple=True))
        sets = join(sets, sets[rows + start], sets[columns + other])
    return sets[members.reshape(-1)]


def join(sets: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`(N,)` set numbers with the set `left[i]` joined to the set `right[i]` for every i."""
    apart = left != right
    if not apart.any():
        return sets
    size = int(sets.max()) + 1
    links = coo_array((np.ones(apart.sum(), bool), (left[apart], right[apart])), shape=(size, size))
    component: np.ndarray = connected_components(links, directed=False)[1][sets]
    return component


def _signs(hashes: np.ndarray) -> torch.Tensor:
    """`(N, 256)` float -1 or 1 from packed bits."""
    return torch.from_numpy(np.unpackbits(hashes, axis=1)).float() * 2 - 1


@dataclass(frozen=True)
class Copies:
    """How many pictures occur more than once, by one measure of sameness."""

    sets: int
    """Sets of two or more copies."""
    pictures: int
    """Pictures in such sets."""
    conflicts: list[list[tuple[str, str, str]]]
    """Sets whose labels differ: split, file and label of each picture."""
    across: dict[str, int]
    """ "validation in train": pictures of validation that have a copy in train."""

    @property
    def redundant(self) -> int:
        """Pictures beyond the first of each set."""
        return self.pictures - self.sets


def count_copies(sets: np.ndarray, splits: np.ndarray, labels: np.ndarray, files: np.ndarray) -> Copies:
    """Count the sets of copies within and across splits, all arrays `(N,)`."""
    names = [name for name in ("train", "validation", "test") if (splits == name).any()]
    shared = {
        f"{later} in {earlier}": int(np.isin(sets[splits == later], sets[splits == earlier]).sum())
        for earlier, later in combinations(names, 2)
    }
    repeated = list(_repeated(sets))
    conflicts = [
        [(str(splits[row]), str(files[row]), str(labels[row])) for row in rows]
        for rows in repeated
        if len(set(labels[rows])) > 1
    ]
    return Copies(len(repeated), sum(map(len, repeated)), conflicts, shared)


def _repeated(sets: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of each set of two or more."""
    order = np.argsort(sets, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(sets[order])) + 1):
        if len(rows) > 1:
            yield rows
