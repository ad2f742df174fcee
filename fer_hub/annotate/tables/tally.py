"""Counting the rows of a collection, one part after the other, so that no collection is too large to be counted."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fer_hub.recognizer import SMALL_SIDE
from fer_hub.video.watching import SEARCHED_SIDE

LISTED = 1000
"""Unreadable items that summary.json names; the items table has all."""

TURNED = 0.25
"""How far the nose lies from the middle between the eyes, in distances of the eyes, where a head is turned aside:
about 30 degrees, for a nose that stands out by 0.45 of that distance. How much more often such faces are named wrong
has not been measured."""


class Tally:
    """Counts of a collection so far."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self.items: Counter[str] = Counter()
        """Photos and videos that could be read."""
        self.looks = 0
        """Pictures that were searched: photos, and frames of videos."""
        self.without_face = 0
        self.people = 0
        self.problems: Counter[str] = Counter()
        """Why items could not be read; without what is said in brackets, which is of one item."""
        self.not_read: list[dict[str, str]] = []
        self.sources: Counter[tuple[int, ...]] = Counter()
        """How often each vector of faces by expression occurs among the photos and videos."""
        self.doubt: Counter[str] = Counter()
        self.small = 0
        self.turned = 0
        self.confidence = 0.0
        """Sum over faces of the probability of what is named."""

    @property
    def faces(self) -> int:
        return sum(sum(vector) * times for vector, times in self.sources.items())

    @property
    def named(self) -> dict[str, int]:
        """Expression -> faces."""
        counts = [0] * len(self.labels)
        for vector, times in self.sources.items():
            counts = [count + times * value for count, value in zip(counts, vector, strict=True)]
        return dict(zip(self.labels, counts, strict=True))

    def add(self, looks: pa.Table, video: bool, people: int = 0) -> None:
        """Count some photos, or all looks at one video."""
        readable = pc.is_null(looks["problem"])
        unread, read = looks.filter(pc.invert(readable)), looks.filter(readable)
        for row in unread.select(["source", "problem"]).to_pylist()[: 1 if video else None]:
            self._note_problem(**row)
        self.items["video" if video else "photo"] += bool(len(read)) if video else len(read)
        self.looks += len(read)
        self.people += people
        found = read["faces"].combine_chunks()
        look = pc.list_parent_indices(found).to_numpy()
        self.without_face += len(read) - len(np.unique(look))
        size = np.maximum(read["width"].to_numpy(), read["height"].to_numpy())[look]
        searched = np.minimum(1.0, SEARCHED_SIDE / size) if video else np.ones(len(look))
        self._add_faces(pa.Table.from_struct_array(found.flatten()), np.zeros_like(look) if video else look, searched)

    def _note_problem(self, source: str, problem: str) -> None:
        self.problems[re.sub(r" \(.*\)", "", problem, flags=re.DOTALL)] += 1
        if len(self.not_read) < LISTED:
            self.not_read.append({"source": source, "problem": problem})

    def _add_faces(self, faces: pa.Table, source: np.ndarray, searched: np.ndarray) -> None:
        """Count faces; `source` tells which are of one photo or video, `searched` how far it was scaled down before."""
        if not len(faces):
            return
        vectors = np.zeros((source.max() + 1, len(self.labels)), int)
        np.add.at(vectors, (source, pc.index_in(faces["expression"], pa.array(self.labels)).to_numpy()), 1)
        self.sources.update(map(tuple, vectors[vectors.any(axis=1)].tolist()))
        self.doubt.update(faces["doubt"].drop_null().to_pylist())
        probabilities = faces["probabilities"].combine_chunks().flatten()
        self.confidence += float(np.max([column.to_numpy() for column in probabilities], axis=0).sum(dtype=np.float64))
        box, landmarks = _numbers(faces["box"], 4), _numbers(faces["landmarks"], 5, 2)
        side = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) * searched
        self.small += int((side < SMALL_SIDE).sum())
        self.turned += int((_aside(landmarks) >= TURNED).sum())


def _numbers(column: pa.ChunkedArray, *shape: int) -> np.ndarray:
    """A column of lists of this shape as an array."""
    values = column.combine_chunks()
    for _ in shape:
        values = values.flatten()
    counts: np.ndarray = values.to_numpy().reshape(-1, *shape)
    return counts


def _aside(landmarks: np.ndarray) -> np.ndarray:
    """`(N, 5, 2)` landmarks -> `(N,)` how far noses lie from the middle, in distances of the eyes along their line."""
    left, right, nose = landmarks[:, 0], landmarks[:, 1], landmarks[:, 2]
    across = right - left
    along = ((nose - left) * across).sum(axis=1) / np.maximum((across**2).sum(axis=1), 1e-9)
    distance: np.ndarray = np.abs(along - 0.5)
    return distance
