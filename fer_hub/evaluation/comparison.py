"""Are two models different, or were the pictures kind to one of them? McNemar's test, paired by picture."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from fer_hub.errors import InputError
from fer_hub.evaluation.predictions import Predictions

RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparison:
    """How two models did on the same pictures."""

    images: int
    both: int
    """Pictures that both named right."""
    only_first: int
    """Pictures that only the first named right."""
    only_second: int
    difference: float
    """Accuracy of the first less that of the second."""
    difference_ci95: tuple[float, float]
    """Percentile bootstrap over pictures."""
    p_value: float
    """Chance of pictures at least as one-sided if both models were equally good: McNemar's exact test."""

    @property
    def neither(self) -> int:
        return self.images - self.both - self.only_first - self.only_second

    def in_words(self, first: str, second: str) -> str:
        """Two sentences for readers who know no statistics."""
        low, high = (100 * bound for bound in self.difference_ci95)
        counts = (
            f"Of {self.images:,} pictures both name {self.both:,} right, only {first} {self.only_first:,}, only "
            f"{second} {self.only_second:,}, neither {self.neither:,}."
        )
        chance = f"{self.p_value:.2g}" if self.p_value >= 1e-6 else "below 0.000001"
        if self.p_value >= 0.05:
            verdict = "These pictures do not show that one is better"
        else:
            better, worse = (first, second) if self.difference > 0 else (second, first)
            verdict = f"{better} is better than {worse}"
        return (
            f"{counts} {verdict}: {first} is at {100 * self.difference:+.1f} points (95% interval {low:+.1f} to "
            f"{high:+.1f}), p = {chance} (McNemar, exact)."
        )


def compare(first: Predictions, second: Predictions) -> Comparison:
    """Compare two models picture by picture (McNemar, Psychometrika 12, 1947).

    Only pictures that exactly one of them names right tell them apart; if both are equally good, each of these is a
    toss of a coin. Raises InputError where the predictions are not of the same pictures in the same order.
    """
    if not np.array_equal(first.index, second.index) or not np.array_equal(
        np.array(first.names)[first.labels], np.array(second.names)[second.labels]
    ):
        raise InputError("the two models were not evaluated on the same pictures; evaluate both on one split first.")
    images, only_first = len(first.index), int((first.correct & ~second.correct).sum())
    only_second = int((second.correct & ~first.correct).sum())
    shares = np.array([only_first, only_second, images - only_first - only_second]) / images
    resampled = np.random.default_rng(0).multinomial(images, shares, RESAMPLES)
    low, high = np.percentile((resampled[:, 0] - resampled[:, 1]) / images, [2.5, 97.5])
    apart = only_first + only_second
    return Comparison(
        images=images,
        both=int((first.correct & second.correct).sum()),
        only_first=only_first,
        only_second=only_second,
        difference=(only_first - only_second) / images,
        difference_ci95=(float(low), float(high)),
        p_value=float(binomtest(only_first, apart).pvalue) if apart else 1.0,
    )
