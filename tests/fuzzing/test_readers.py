"""Damaged files, of every kind that a stranger may hand in; and those that a coverage-guided run has found.

`tests/benchmarks/fuzz_readers.py` is that run. What it finds goes into `tests/fuzzing/corpus/READER/`, made small.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing.readers import READERS, seeds, survives

CORPUS = Path(__file__).parent / "corpus"
FOUND = sorted(path for path in CORPUS.glob("*/*") if path.is_file())

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 1 << 30), st.binary(min_size=1, max_size=8)),
        st.tuples(st.just("put in"), st.integers(0, 1 << 30), st.binary(min_size=1, max_size=64)),
        st.tuples(st.just("cut out"), st.integers(0, 1 << 30), st.binary(min_size=1, max_size=64)),
        st.tuples(st.just("cut off"), st.integers(0, 1 << 30), st.just(b"")),
    ),
    min_size=1,
    max_size=6,
)


def changed(data: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    for how, at, content in changes:
        place = at % max(len(data), 1)
        kept = {"set": place + len(content), "put in": place, "cut out": place + len(content), "cut off": len(data)}[
            how
        ]
        data = data[:place] + (b"" if how == "cut out" else content) + data[kept:]
    return data


@pytest.mark.parametrize("reader", READERS)
def test_sound_files_are_read(reader):
    for seed in seeds(reader):
        READERS[reader](seed)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_ends_in_a_sentence(reader, data):
    seed = data.draw(st.sampled_from(range(len(seeds(reader)))))
    survives(reader, changed(seeds(reader)[seed], data.draw(CHANGES)))


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=200))
@settings(max_examples=20, deadline=None)
def test_any_bytes_end_in_a_sentence(reader, data):
    survives(reader, data)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_mended(path):
    survives(path.parent.name, path.read_bytes())
