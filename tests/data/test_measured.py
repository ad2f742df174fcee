import pytest
import torch
from pydantic import TypeAdapter

from fer_hub.data.measured import remembered

FORM = TypeAdapter(tuple[int, float])


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "fer_hub"


def test_a_second_run_need_not_measure(cache):
    asked = []

    def measure() -> tuple[int, float]:
        asked.append(1)
        return len(asked), 0.5

    assert remembered("sha256:1", "sizes", FORM, measure) == (1, 0.5)
    assert remembered("sha256:1", "sizes", FORM, measure) == (1, 0.5)
    assert remembered("sha256:2", "sizes", FORM, measure) == (2, 0.5)  # other pictures
    assert remembered("sha256:1", "colours", FORM, measure) == (3, 0.5)
    assert remembered("unknown", "sizes", FORM, measure) == (4, 0.5)
    assert remembered("unknown", "sizes", FORM, measure) == (5, 0.5)


@pytest.mark.parametrize("revision", ["sha256:1", "unknown"])
def test_a_run_draws_the_same_numbers_whether_it_measures_or_remembers(cache, revision):
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        remembered(revision, "sizes", FORM, lambda: (int(torch.randint(9, (1,))), 0.5))
        drawn.append(float(torch.rand(1)))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("damage", [b"", b"[1", b'["x", 2]', b"[1, 2, 3]"])
def test_what_cannot_be_read_back_is_measured_anew(cache, damage):
    remembered("sha256:1", "sizes", FORM, lambda: (1, 0.5))
    (file,) = cache.glob("*.json")
    file.write_bytes(damage)
    assert remembered("sha256:1", "sizes", FORM, lambda: (2, 0.5)) == (2, 0.5)
    assert remembered("sha256:1", "sizes", FORM, lambda: (3, 0.5)) == (2, 0.5)


def test_a_cache_that_cannot_be_written_costs_time_alone(cache):
    cache.parent.mkdir()
    cache.write_bytes(b"a file where the folder should be")
    assert remembered("sha256:1", "sizes", FORM, lambda: (1, 0.5)) == (1, 0.5)
