"""How far to trust what a model answers beside the expression: accuracy of classes, CCC and RMSE of values."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from fer_hub.evaluation.inference import Dataset, read_crops
from fer_hub.models.config import Head
from fer_hub.models.ensemble import Ensemble

Results = dict[str, dict[str, int | float]]
"""Head -> its row of `EvaluationReport.auxiliary`."""


def heads_on(ensemble: Ensemble, dataset: Dataset, split: str) -> Results | None:
    """Measure the further heads of an ensemble on a split of face crops; None where the split tells of none of them."""
    if not ensemble.heads:
        return None
    crops = read_crops(ensemble, dataset, split)
    known = dataset.further(split, crops[0].index, ensemble.heads)
    return measure_heads(ensemble.heads, ensemble.answers([each.pictures for each in crops]).heads, known)


def measure_heads(
    heads: Mapping[str, Head], answers: Mapping[str, Tensor], known: Mapping[str, Tensor]
) -> Results | None:
    """Compare answers with what is known.

    Args:
        heads: of the model, by name.
        answers: `(N, C)` probabilities or `(N, 1)` values of each head.
        known: `(N,)` positions among a head's classes, -1 where unknown, or values, NaN where unknown.

    Returns:
        `accuracy`, or `ccc` and `rmse`, of each head that something is known of, and of how many `images`.
    """
    found: Results = {}
    for name, head in heads.items():
        if name not in known:
            continue
        answer, truth = answers[name].numpy(), known[name].numpy()
        if head.classes:
            said = truth >= 0
            measured = {"accuracy": float((answer.argmax(axis=1) == truth)[said].mean())} if said.any() else {}
        else:
            said = np.isfinite(truth)
            measured = value_errors(answer[said, 0], truth[said].astype(np.float64)) if said.any() else {}
        if measured:
            found[name] = {**measured, "images": int(said.sum())}
    return found or None


def value_errors(answered: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Concordance correlation coefficient (Lin 1989), 0 where all values are one, and root mean square error."""
    apart = answered.mean() - true.mean()
    spread = answered.var() + true.var() + apart**2
    covariance = ((answered - answered.mean()) * (true - true.mean())).mean()
    return {
        "ccc": float(2 * covariance / spread) if spread > 0 else 0.0,
        "rmse": float(np.sqrt(((answered - true) ** 2).mean())),
    }
