from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_hub.evaluation.prevalence import corrected_shares, named_shares

MATRIX = np.array([[800, 150, 50], [100, 700, 200], [20, 180, 800]])


def photos(counts: np.ndarray) -> Counter[tuple[int, ...]]:
    """One face in each photo."""
    return Counter({tuple(row.tolist()): int(n) for row, n in zip(np.eye(3, dtype=int), counts, strict=True)})


@pytest.mark.parametrize("true", [(0.7, 0.2, 0.1), (0.05, 0.15, 0.8), (0.0, 0.5, 0.5)])
def test_the_true_shares_are_found_behind_the_named_ones(true):
    named = np.array(true) @ (MATRIX / MATRIX.sum(axis=1, keepdims=True))
    sources = photos(np.round(100_000 * named))
    raw, corrected = named_shares(sources), corrected_shares(sources, MATRIX)
    assert corrected is not None
    assert [share.value for share in raw] == pytest.approx(named, abs=1e-4)
    assert [share.value for share in corrected] == pytest.approx(true, abs=0.02)
    for share, truth in zip(corrected, true, strict=True):
        assert share.ci95[0] - 0.02 <= truth <= share.ci95[1]


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    true, likelihood = np.array([0.6, 0.3, 0.1]), MATRIX / MATRIX.sum(axis=1, keepdims=True)
    covered = []
    for trial in range(40):
        measured = np.stack([rng.multinomial(300, row) for row in likelihood])
        sources = photos(rng.multinomial(500, true @ likelihood))
        shares = corrected_shares(sources, measured, seed=trial)
        assert shares is not None
        covered += [share.ci95[0] <= truth <= share.ci95[1] for share, truth in zip(shares, true, strict=True)]
    assert 0.88 < np.mean(covered) <= 1


def test_many_faces_of_one_source_say_less_than_as_many_sources():
    apart: Counter[tuple[int, ...]] = Counter({(1, 0): 500, (0, 1): 500})
    together: Counter[tuple[int, ...]] = Counter({(100, 0): 5, (0, 100): 5})
    width = [shares[0].ci95[1] - shares[0].ci95[0] for shares in (named_shares(apart), named_shares(together))]
    assert width[1] > 5 * width[0]


def test_what_is_never_named_may_have_been_missed():
    shares = named_shares(photos(np.array([200, 100, 0])))
    assert shares[2].value == 0
    assert 0.003 < shares[2].ci95[1] < 0.03


def test_a_matrix_without_pictures_of_some_expression_corrects_nothing():
    assert corrected_shares(photos(np.array([1, 2, 3])), np.array([[5, 0, 0], [0, 5, 0], [0, 0, 0]])) is None


@settings(max_examples=20)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=20))
def test_shares_are_shares(vectors):
    sources = Counter(vectors)
    for shares in (named_shares(sources), corrected_shares(sources, MATRIX)):
        assert shares is not None
        assert sum(share.value for share in shares) == pytest.approx(1)
        for share in shares:
            assert 0 <= share.ci95[0] <= share.ci95[1] <= 1
