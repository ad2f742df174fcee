import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import InputError
from fer_hub.data.preparation.splits.splitting import make_splits


def test_the_reports_sizes_stratified():
    labels = np.random.default_rng(0).choice(["angry", "happy", "neutral"], 4000, p=[0.04, 0.46, 0.5])
    splits = make_splits(labels, np.arange(4000), (29, 10, 1), 0)
    sizes = {name: (splits == name).sum() for name in ("train", "validation", "test")}
    assert sizes == {"train": 2900, "validation": 1000, "test": 100}
    for name, size in sizes.items():
        for label in ("angry", "happy", "neutral"):
            expected = size * (labels == label).mean()
            assert abs((labels[splits == name] == label).sum() - expected) < 2


@given(st.lists(st.integers(0, 30), min_size=60, max_size=200), st.integers(0, 3))
def test_groups_are_never_parted(groups, seed):
    labels = np.array(["sad", "happy"] * len(groups))[: len(groups)]
    try:
        splits = make_splits(labels, np.array(groups), (8, 1, 1), seed)
    except InputError:
        assert len(set(groups)) < 12  # few large groups may leave a split without any
        return
    assert all(len(set(splits[np.array(groups) == group])) == 1 for group in groups)
    assert set(splits) == {"train", "validation", "test"}


def test_it_depends_on_the_seed_alone():
    labels, groups = np.array(["sad", "happy"] * 50), np.arange(100) // 2
    first, again, other = (make_splits(labels, groups, (8, 1, 1), seed).tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_too_few_groups_are_refused():
    with pytest.raises(InputError, match=r"100 pictures in 2 groups .* 8:1:1: .*test would have none"):
        make_splits(np.array(["sad"] * 100), np.arange(100) % 2, (8, 1, 1), 0)
    assert "test" not in make_splits(np.array(["sad"] * 100), np.arange(100) % 2, (1, 1, 0), 0)
