"""How often each expression occurs, from how often a model names it: shares with intervals, and corrected ones.

What a model names is not what is there: where it takes fear for surprise, a collection seems to hold more surprise than
it does. From the confusion matrix of labelled pictures follows which true shares make the named shares most probable
(the likelihood that Saerens, Latinne and Decaestecker climb in Neural Computation 14(1), 2002, here on what is named,
as in black-box shift estimation: Lipton, Wang and Smola, ICML 2018). It holds where each expression is mistaken in the
collection as it is among the labelled pictures.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
_STEPS = 500


@dataclass(frozen=True)
class Share:
    """How much of a collection shows one expression, 0-1, with a 95% interval."""

    value: float
    ci95: tuple[float, float]


def named_shares(sources: Counter[tuple[int, ...]], seed: int = 0) -> list[Share]:
    """Share of each of K expressions among all faces, as they are named.

    Args:
        sources: how often each vector of K counts occurs: one vector a photo or video, of its faces by expression.
            Whole sources are resampled, because faces of one photo or video resemble each other.
    """
    total, resampled = _counts(sources, seed)
    return _shares(_normalised(total), _normalised(resampled))


def corrected_shares(sources: Counter[tuple[int, ...]], matrix: np.ndarray, seed: int = 0) -> list[Share] | None:
    """The true shares behind the named ones; None where the matrix has no picture of some expression.

    Args:
        sources: see `named_shares`.
        matrix: `(K, K)` labelled pictures: rows what they are labelled as, columns what the model named. It is
            resampled as well, so that the intervals know how few pictures it may be made of.
    """
    support = matrix.sum(axis=1)
    if not support.all():
        return None
    total, resampled = _counts(sources, seed)
    generator = np.random.default_rng(seed + 1)
    drawn = [
        generator.multinomial(pictures, row / pictures, RESAMPLES)
        for pictures, row in zip(support, matrix, strict=True)
    ]
    estimated = _most_probable(_normalised(total)[None], matrix[None])[0]
    return _shares(estimated, _most_probable(_normalised(resampled), np.stack(drawn, axis=1)))


def _counts(sources: Counter[tuple[int, ...]], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`(K,)` faces by expression, and `(RESAMPLES, K)` the same of other draws of as many sources.

    Each source is drawn a Poisson(1) number of times, so equal ones are drawn together, however many there are. Half a
    source of each expression (Jeffreys' prior) is spread over the draws: what is never named may have been missed.
    """
    vectors = np.array(sorted(sources), dtype=np.float64)
    times = np.array([sources[tuple(int(value) for value in vector)] for vector in vectors])
    total, generator = times @ vectors, np.random.default_rng(seed)
    draws = generator.poisson(times, (RESAMPLES, len(times)))
    unseen = generator.gamma(0.5, total.sum() / times.sum(), (RESAMPLES, len(total)))
    return total, draws @ vectors + unseen


def _most_probable(named: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """`(B, K)` named shares and `(B, K, K)` matrices -> `(B, K)` the true shares that make them most probable."""
    smoothed = matrices + 0.5 / matrices.shape[-1]  # what was never mistaken so may be yet
    likelihood = smoothed / smoothed.sum(axis=2, keepdims=True)
    true = np.full(named.shape, 1 / named.shape[1])
    for _ in range(_STEPS):
        expected = (true[:, None] @ likelihood)[:, 0]
        true = true * (likelihood @ (named / expected)[:, :, None])[:, :, 0]
    return true


def _normalised(counts: np.ndarray) -> np.ndarray:
    """Shares of counts; of nothing, equal ones."""
    total = counts.sum(axis=-1, keepdims=True)
    shares: np.ndarray = np.where(total > 0, counts / np.maximum(total, 1), 1 / counts.shape[-1])
    return shares


def _shares(values: np.ndarray, resampled: np.ndarray) -> list[Share]:
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    low, high = np.minimum(low, values), np.maximum(high, values)  # also where the value is the border of its range
    return [Share(float(v), (float(a), float(b))) for v, a, b in zip(values, low, high, strict=True)]
