"""Labelled pictures -> Predictions. Label and answer of a picture are kept together, row by row."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions

Pictures = TypeVar("Pictures")


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
        refuse_unknown(labelled, labels)
        index += positions
        words += labelled
        rows.append(np.asarray(answer(pictures)))
    if not index:
        raise InputError("there is no picture that can be read.")
    return Predictions(labels, np.array(index), np.array([labels.index(w) for w in words]), np.concatenate(rows))


def refuse_unknown(words: Iterable[str], labels: Sequence[str]) -> None:
    """Raise InputError where pictures are labelled with expressions that are none of a model's `labels`."""
    if unknown := sorted(set(words) - set(labels)):
        raise InputError(f"the model knows only {', '.join(labels)}; it cannot name: {', '.join(unknown)}.")
