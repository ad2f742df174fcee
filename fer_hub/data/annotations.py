"""What a dataset says of its pictures: their labels, several annotators' votes, and further label columns."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch
from torch import Tensor

from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.errors import InputError
from fer_hub.expressions import EXPRESSIONS, expression_of

MAX_CLASSES = 200
"""More values than this in a label column are numbers or names, not classes."""


def match_labels(
    splits: datasets.DatasetDict, column: str, meanings: LabelMeanings, reference: str
) -> tuple[tuple[str, ...], dict[int | str, int]]:
    """The expressions that a label column names, and for each of its values the position among them.

    Raises InputError for values that mean nothing, and where they name fewer than two expressions.
    """
    feature = next(iter(splits.values())).features[column]
    counts = Counter(value for rows in splits.values() for value in rows[column] if value is not None)
    if isinstance(feature, datasets.ClassLabel):
        words: dict[int | str, str] = dict(enumerate(feature.names))
    elif getattr(feature, "dtype", "").startswith(("int", "uint", "string", "large_string")):
        words = {value: str(value) for value in counts}
    else:
        raise InputError(
            f"the labels of {reference} are {feature}, which says nothing about what they mean; expected a ClassLabel, "
            f"whole numbers or words, such as {', '.join(EXPRESSIONS)}."
        )
    meant = meanings.of({word: counts[value] for value, word in words.items()}, reference)
    names = tuple(label for label in meanings.known if label in meant.values())
    if len(names) < 2:
        raise InputError(
            f"the labels of {reference} are {', '.join(words.values()) or 'none'}; expected names of at least two of "
            f"the {'labels' if meanings.vocabulary else 'expressions'} {', '.join(meanings.vocabulary or EXPRESSIONS)}."
        )
    return names, {value: names.index(meant[word]) for value, word in words.items() if meant[word]}


def vote_shares(votes: list[Any], vote_names: tuple[str, ...], label_names: tuple[str, ...], reference: str) -> Tensor:
    """`(N, K)` share of each expression among the votes for an expression; zeros where there are none.

    There is one vote for each class of the label column (`vote_names`), or they are the ten of FER+. As in the FER+
    paper (arXiv 1608.01041) single votes are outliers: they count only where nothing else was chosen.
    """
    if not all(isinstance(row, list) for row in votes):
        raise InputError(f"the votes of {reference} are not lists of numbers, one list for each picture.")
    ten = tuple(expression_of(name) for name in FERPLUS_VOTES)
    names = {len(vote_names): vote_names, len(ten): ten}.get(len(votes[0]))
    if names is None or len({len(row) for row in votes}) > 1:
        raise InputError(
            f"the votes of {reference} are {len(votes[0])} numbers; expected one for each of the {len(vote_names)} "
            f"classes of its labels, or the {len(ten)} of FER+ ({', '.join(FERPLUS_VOTES)})."
        )
    columns = [names.index(label) for label in label_names]
    counts = torch.tensor(votes, dtype=torch.float32)[:, columns]
    agreed = counts.where(counts > 1, 0)
    counts = agreed.where(agreed.sum(1, keepdim=True) > 0, counts)
    return counts / counts.sum(1, keepdim=True).clamp(min=1)


def auxiliary_classes(splits: datasets.DatasetDict, column: str) -> dict[int | str, str]:
    """The values of a label column -> what they are called, in the order of its ClassLabel, otherwise sorted."""
    feature = next(iter(splits.values())).features[column]
    if isinstance(feature, datasets.ClassLabel):
        return dict(enumerate(feature.names))
    dtype = getattr(feature, "dtype", "none")
    if "string" not in dtype and "int" not in dtype and dtype != "bool":
        raise InputError(
            f"column {column!r} is {feature}; expected classes: a ClassLabel, words or whole numbers. --values "
            f"{column} learns numbers as they are."
        )
    values = sorted({value for rows in splits.values() for value in rows.unique(column) if value is not None})
    if not 2 <= len(values) <= MAX_CLASSES:
        raise InputError(
            f"column {column!r} has {len(values):,} different values; expected 2 to {MAX_CLASSES} classes."
        )
    return {value: str(value) for value in values}


def class_positions(
    rows: datasets.Dataset, column: str, words: Mapping[int | str, str], names: Sequence[str]
) -> Tensor:
    """`(N,)` int64 positions among `names` of what a column says, by what its values are called; -1 for others."""
    positions = {value: names.index(word) for value, word in words.items() if word in names}
    return torch.tensor([positions.get(value, -1) for value in rows[column]], dtype=torch.int64)


def auxiliary_values(rows: datasets.Dataset, column: str) -> Tensor:
    """`(N,)` float32 of a column of numbers, NaN where it says nothing. Raises InputError for anything else."""
    dtype = getattr(rows.features[column], "dtype", "none")
    if not any(kind in dtype for kind in ("int", "float")) or isinstance(rows.features[column], datasets.ClassLabel):
        raise InputError(
            f"column {column!r} is {rows.features[column]}; expected numbers. --auxiliary {column} learns classes."
        )
    values = torch.tensor([math.nan if value is None else value for value in rows[column]], dtype=torch.float32)
    if values.isinf().any():
        raise InputError(f"column {column!r} holds a number that is not finite; correct it or leave the cell empty.")
    return values
