"""Labelled pictures -> Predictions. Label and answer of a picture are kept together, row by row."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm import tqdm

from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.robustness import measure_robustness
from fer_hub.models.config import Head
from fer_hub.models.ensemble import Ensemble

Pictures = TypeVar("Pictures")


class Crops(Protocol):
    """A split whose pictures are face crops (`fer_hub.data.split.Split`)."""

    @property
    def pictures(self) -> Tensor:
        """`(N, C, S, S)` uint8."""

    @property
    def labels(self) -> Tensor:
        """`(N,)` positions in `label_names`."""

    @property
    def label_names(self) -> tuple[str, ...]: ...

    @property
    def index(self) -> np.ndarray:
        """`(N,)` positions in the dataset's split."""

    def content_keys(self) -> np.ndarray:
        """`(N,)` one key per picture, equal where the pixels are equal."""


class Dataset(Protocol):
    """What can be evaluated on (`fer_hub.data.reference.Dataset`)."""

    revision: str
    label_names: tuple[str, ...]

    @property
    def split_names(self) -> list[str]: ...

    def read(self, split: str, size: int, channels: int) -> Crops:
        """Every picture of a split as a crop of one size, grey or RGB."""

    def photos(self, split: str) -> Iterator[tuple[int, np.ndarray, str]]:
        """Position, HWC uint8 RGB picture and label of each picture of a split."""

    def count(self, split: str) -> int: ...

    def further(self, split: str, index: np.ndarray, heads: Mapping[str, Head]) -> dict[str, Tensor]:
        """What some rows say of a model's further heads: `(N,)` positions of classes or values, for those known."""


def predict(
    batches: Iterable[tuple[Sequence[int], Sequence[str], Pictures]],
    answer: Callable[[Pictures], ArrayLike],
    labels: tuple[str, ...],
) -> Predictions:
    """Ask for the expression of each picture.

    Args:
        batches: positions of some pictures in their split, what they are labelled as, and the pictures in the form
            that `answer` takes.
        answer: pictures -> `(N, K)` probabilities, columns in `labels` order; rows of zeros where no face is found.
        labels: the K expressions that can be answered.

    Raises:
        InputError: a picture is labelled with an expression that cannot be answered, or there is no picture.
    """
    index: list[int] = []
    words: list[str] = []
    rows: list[np.ndarray] = []
    for positions, labelled, pictures in batches:
        _refuse_unknown(labelled, labels)
        index += positions
        words += labelled
        rows.append(np.asarray(answer(pictures)))
    if not index:
        raise InputError("there is no picture that can be read.")
    return Predictions(labels, np.array(index), np.array([labels.index(w) for w in words]), np.concatenate(rows))


def predict_crops(ensemble: Ensemble, dataset: Dataset, split: str) -> Predictions:
    """What an ensemble answers for a split whose pictures are face crops."""
    crops = read_crops(ensemble, dataset, split)
    batch = crops[0].index.tolist(), _words(crops[0]), [each.pictures for each in crops]
    return predict([batch], ensemble.probabilities, ensemble.labels)


def predict_photos(
    answer: Callable[[Sequence[np.ndarray]], ArrayLike], labels: tuple[str, ...], dataset: Dataset, split: str
) -> Predictions:
    """The same from photo to label: `answer` finds the face, as `ExpressionRecognizer.largest_faces` does."""
    _refuse_unknown(dataset.label_names, labels)
    photos = tqdm(dataset.photos(split), "from photo to label", dataset.count(split), unit="picture", leave=False)
    return predict((([index], [label], [picture]) for index, picture, label in photos), answer, labels)


def robustness_on(ensemble: Ensemble, dataset: Dataset, split: str) -> dict[str, float]:
    """Accuracy on a split's face crops under each corruption, as it stands in evaluation.json."""
    crops = read_crops(ensemble, dataset, split)
    return measure_robustness(ensemble, [each.pictures for each in crops], _words(crops[0]))


def seen_in_training(ensemble: Ensemble, dataset: Dataset, split: str) -> np.ndarray | None:
    """`(N,)` whether each picture also stands in `train`; None where that is not what all models were trained on."""
    configs = [classifier.config for classifier in ensemble.classifiers]
    revisions = {config.training.get("dataset_revision") for config in configs}
    if revisions != {dataset.revision} or "train" not in dataset.split_names or split == "train":
        return None
    size = configs[0].crop.size
    return np.isin(dataset.read(split, size, 3).content_keys(), dataset.read("train", size, 3).content_keys())


def read_crops(ensemble: Ensemble, dataset: Dataset, split: str) -> list[Crops]:
    """A split, for each model as crops of the size and colour it was trained on."""
    _refuse_unknown(dataset.label_names, ensemble.labels)
    configs = [classifier.config for classifier in ensemble.classifiers]
    return [dataset.read(split, config.crop.size, 1 if config.grey else 3) for config in configs]


def _words(crops: Crops) -> list[str]:
    return [crops.label_names[label] for label in crops.labels.tolist()]


def _refuse_unknown(words: Iterable[str], labels: Sequence[str]) -> None:
    """Raise InputError where pictures are labelled with expressions that are none of a model's `labels`."""
    if unknown := sorted(set(words) - set(labels)):
        raise InputError(f"the model knows only {', '.join(labels)}; it cannot name: {', '.join(unknown)}.")
