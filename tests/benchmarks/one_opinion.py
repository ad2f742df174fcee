"""How often can one person's label be named at all? Each of FER+'s ten people against the others, and models.

python tests/benchmarks/one_opinion.py --raw data/fer2013 [--model fer-live fer-compact] [--mix angry=111 happy=120 ...]

The pictures are PublicTest's in which at least two people saw one of the seven expressions, also those that have no
majority. A label counts as often as people gave it; with `--mix` as often as there, whatever FER-2013 holds.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import EXPRESSIONS, resolve
from fer_hub.data.preparation.records import readable_pictures
from fer_hub.data.sources.ferplus import FERPLUS
from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.evaluation.metrics import expected_calibration_error, reliability_bins
from fer_hub.expressions import expression_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--raw", type=Path, required=True, help="FER-2013 and FER+'s votes, as prepare_data.py takes them"
    )
    parser.add_argument("--model", nargs="+", default=["fer-live"], help="model references (default: fer-live)")
    parser.add_argument(
        "--mix", nargs="+", metavar="LABEL=N", help="how many of each label there are (default: as voted)"
    )
    options = parser.parse_args()

    columns = [[expression_of(name) for name in FERPLUS_VOTES].index(label) for label in EXPRESSIONS]
    rows = [row for row in FERPLUS.rows(options.raw) if row.split == "validation"]
    votes = np.array([row.votes for row in rows], dtype=float)[:, columns]  # (N, 7)
    used = votes.sum(axis=1) >= 2
    pictures = np.stack(list(readable_pictures([row for row, is_used in zip(rows, used, strict=True) if is_used])))
    crops = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    votes = votes[used]
    opinions = votes * _weights(votes, dict(pair.split("=") for pair in options.mix or []))

    print(f"{len(votes):,} pictures, {votes.sum():,.0f} opinions\n")
    print(f"{'named right':28} accuracy     95% interval   calibration   recall of {', '.join(EXPRESSIONS)}")
    _report("most of the other people", opinions, _others(votes))
    for name in options.model:
        classifier = resolve(name).load()
        order = [classifier.config.labels.index(label) for label in EXPRESSIONS]
        probabilities = classifier.probabilities(crops).numpy()[:, order]
        _report(name, opinions, np.eye(len(EXPRESSIONS))[probabilities.argmax(axis=1)], probabilities)


def _weights(votes: np.ndarray, mix: dict[str, str]) -> np.ndarray:
    """`(7,)`: what an opinion counts, so that there are as many of each label as the mix says."""
    wanted = np.array([float(mix.get(label, 0)) for label in EXPRESSIONS]) if mix else votes.sum(axis=0)
    return wanted / votes.sum(axis=0)


def _others(votes: np.ndarray) -> np.ndarray:
    """`(N, 7)`: of those who chose a label, the share whose choice is what most others chose; a tie is parted."""
    right = np.empty_like(votes)
    for label in range(votes.shape[1]):
        others = votes - np.eye(votes.shape[1])[label]
        most = others == others.max(axis=1, keepdims=True)
        right[:, label] = most[:, label] / most.sum(axis=1)
    return right


def _report(name: str, opinions: np.ndarray, right: np.ndarray, probabilities: np.ndarray | None = None) -> None:
    """Print how much of the `(N, 7)` opinions is right, where `right` says which share of each is."""
    found, count = (opinions * right).sum(axis=1), opinions.sum(axis=1)
    drawn = np.random.default_rng(0).integers(0, len(count), (1000, len(count)))
    low, high = np.percentile(found[drawn].sum(axis=1) / count[drawn].sum(axis=1), [2.5, 97.5])
    calibration = ""
    if probabilities is not None:
        times = np.rint(100 * count / count.mean()).astype(int)
        bins = reliability_bins(probabilities.repeat(times, axis=0), (found / count).repeat(times))
        calibration = f"{expected_calibration_error(bins):.3f}"
    recalls = (opinions * right).sum(axis=0) / opinions.sum(axis=0).clip(min=1e-9)
    print(
        f"{name:28} {found.sum() / count.sum():8.1%} {low:8.1%} to {high:.1%} {calibration:>13}   "
        + " ".join(f"{recall:.0%}" for recall in recalls)
    )


if __name__ == "__main__":
    main()
