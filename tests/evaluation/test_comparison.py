import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import InputError
from fer_hub.evaluation.comparison import compare
from fer_hub.evaluation.predictions import Predictions


def predictions(correct: np.ndarray, names: tuple[str, ...] = ("happy", "sad"), label: str = "happy") -> Predictions:
    """Pictures that all show one label; the model names the other where it is wrong."""
    right = names.index(label)
    probabilities = np.zeros((len(correct), 2))
    probabilities[np.arange(len(correct)), np.where(correct, right, 1 - right)] = 1
    return Predictions(names, np.arange(len(correct)), np.full(len(correct), right), probabilities)


def answers(both: int, first: int, second: int, neither: int) -> tuple[Predictions, Predictions]:
    counts = [both, first, second, neither]
    return predictions(np.repeat([1, 1, 0, 0], counts) > 0), predictions(np.repeat([1, 0, 1, 0], counts) > 0)


def test_a_known_case():
    found = compare(*answers(50, 12, 2, 36))
    assert (found.images, found.both, found.only_first, found.only_second, found.neither) == (100, 50, 12, 2, 36)
    assert found.difference == pytest.approx(0.1)
    # Twice the chance of at most 2 heads in 14 tosses: 2 * (1 + 14 + 91) / 2**14.
    assert found.p_value == pytest.approx(212 / 2**14)
    low, high = found.difference_ci95
    # The normal interval: 1.96 * sqrt(12 + 2 - 10**2 / 100) / 100.
    assert [low, high] == pytest.approx([0.1 - 0.0707, 0.1 + 0.0707], abs=0.011)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(lambda counts: sum(counts) > 0))
def test_swapping_the_models_turns_the_result_round(counts):
    first, second = answers(*counts)
    there, back = compare(first, second), compare(second, first)
    assert there.p_value == pytest.approx(back.p_value)
    assert 0 < there.p_value <= 1
    assert there.difference == pytest.approx(-back.difference)
    assert there.difference == pytest.approx(first.correct.mean() - second.correct.mean())
    assert there.difference_ci95[0] <= there.difference <= there.difference_ci95[1]
    assert there.images == there.both + there.only_first + there.only_second + there.neither


def test_a_model_is_not_different_from_itself():
    first, _ = answers(5, 3, 2, 1)
    assert compare(first, first).p_value == 1
    assert "do not show that one is better" in compare(first, first).in_words("a", "b")


def test_the_words_name_the_better_one():
    first, second = answers(500, 120, 20, 360)
    assert "first is better than second: first is at +10.0 points" in compare(first, second).in_words("first", "second")
    assert "first is better than second: second is at -10.0" in compare(second, first).in_words("second", "first")
    assert "only first 120, only second 20, neither 360." in compare(first, second).in_words("first", "second")


def test_equally_good_models_are_called_different_about_once_in_twenty():
    rng, called = np.random.default_rng(0), 0
    for _ in range(300):
        first, second = rng.random((2, 400)) < 0.7
        called += compare(predictions(first), predictions(second)).p_value < 0.05
    assert 0.01 < called / 300 < 0.08


def test_labels_are_matched_by_name():
    right, wrong = predictions(np.ones(10) > 0), predictions(np.zeros(10) > 0, ("sad", "happy"))
    assert compare(right, wrong).only_first == 10


@pytest.mark.parametrize(
    "other", [predictions(np.ones(9) > 0), predictions(np.ones(10) > 0, label="sad")], ids=["fewer", "other labels"]
)
def test_other_pictures_are_refused(other):
    with pytest.raises(InputError, match="not evaluated on the same pictures"):
        compare(predictions(np.ones(10) > 0), other)


def test_pictures_without_a_face_are_wrong_for_both():
    nothing = Predictions(("happy", "sad"), np.arange(2), np.array([0, 1]), np.zeros((2, 2)))
    assert nothing.named.tolist() == [-1, -1]
    assert compare(nothing, nothing).neither == 2
