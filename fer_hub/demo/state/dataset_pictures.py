"""The pictures of a dataset on this machine, for the mistakes of models that were evaluated on it."""

from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np

from fer_hub.data.loading import open_reference
from fer_hub.data.raw.forms import Reading
from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.expressions import expression_of
from fer_hub.vision.images import open_image


class DatasetPictures:
    """The pictures that predictions were made for."""

    def __init__(self, dataset: str, split: str, predictions: Predictions) -> None:
        """Raises InputError where the dataset cannot be read, or its labels show that it is not the one."""
        rows = _load(dataset, split)
        images = [name for name, feature in rows.features.items() if isinstance(feature, datasets.Image)]
        labels = [name for name, feature in rows.features.items() if isinstance(feature, datasets.ClassLabel)]
        if not images or not labels:
            raise InputError(f"{dataset} has no column of pictures or none of labels, so that none can be shown.")
        words = rows.features[labels[0]].names
        named = np.array([expression_of(word) or word for word in words])[rows[labels[0]]]
        expected = np.array(predictions.names)[predictions.labels]
        within = predictions.index.min() >= 0 and predictions.index.max() < len(named)
        if not within or not np.array_equal(named[predictions.index], expected):
            raise InputError(f"{dataset} is not the dataset this model was evaluated on: its labels are others.")
        self._rows = rows.cast_column(images[0], datasets.Image(decode=False))
        self._column = images[0]

    def read(self, positions: Sequence[int]) -> list[np.ndarray]:
        """HWC uint8 RGB pictures by their position in the split."""
        stored = self._rows.select(positions)[self._column]
        return [open_image(picture["bytes"] or picture["path"]) for picture in stored]


def _load(dataset: str, split: str) -> datasets.Dataset:
    if not Path(dataset).exists():
        raise InputError(f"there is no dataset at {dataset!r}; FER_HUB_DATASET is a folder or file on this machine.")
    splits, _, _ = open_reference(dataset, Reading())
    if split not in splits:
        raise InputError(f"{dataset} has no split {split!r}, only {', '.join(splits)}.")
    return splits[split]
