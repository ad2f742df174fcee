"""The outputs of a network, told apart: logits of the expressions, and what its further heads answer.

All come from one last layer, so that every architecture can have heads. Multi-task learning: Caruana 1997.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from fer_hub.models.config import Head, ModelConfig


@dataclass(frozen=True)
class Answers:
    """What is said of N pictures."""

    probabilities: Tensor
    """`(N, K)` float64, calibrated; rows sum to 1."""
    heads: dict[str, Tensor] = field(default_factory=dict)
    """Further head -> `(N, C)` probabilities of its classes, or `(N, 1)` values."""


def split_outputs(outputs: Tensor, config: ModelConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """`(N, config.outputs)` -> `(N, K)` logits of the expressions, and for each head its `(N, C)` or `(N, 1)`."""
    sizes = [len(config.labels), *(head.outputs for head in config.heads.values())]
    logits, *further = outputs.split(sizes, dim=1)
    return logits, dict(zip(config.heads, further, strict=True))


def head_answer(output: Tensor, head: Head) -> Tensor:
    """A head's outputs -> `(N, C)` probabilities, or `(N, 1)` values in the unit that they were given in."""
    if head.classes:
        return (output / head.temperature).softmax(dim=1)
    return output * head.std + head.mean


def average_heads(members: list[tuple[dict[str, Head], dict[str, Tensor]]]) -> dict[str, Tensor]:
    """The mean answer of each head that any of several models has, over those that have it.

    Classes are matched by name; a model whose head of the same name has other classes, or is of the other kind, is left
    out of that head's mean: the first model that has one says what the head is.
    """
    heads: dict[str, Head] = {}
    answers: dict[str, list[Tensor]] = {}
    for own, given in members:
        for name, head in own.items():
            kept = heads.setdefault(name, head)
            if sorted(kept.classes) == sorted(head.classes):
                columns = [head.classes.index(word) for word in kept.classes] or [0]
                answers.setdefault(name, []).append(given[name][:, columns])
    return {name: torch.stack(each).mean(dim=0) for name, each in answers.items()}
