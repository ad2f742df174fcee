"""Many machines, as far as one can be several: a Ray cluster of two nodes, one of which is lost."""

import os
import sys
import threading

import pytest

from fer_hub.annotate.cluster import device_of
from fer_hub.annotate.run import Asked, annotate
from fer_hub.errors import InputError
from tests.annotate.conftest import ASKED, MODEL, rows, write_photos
from tests.conftest import REPOSITORY

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_a_machine_that_is_lost_loses_nothing(tmp_path, monkeypatch):
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is an extra")
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))  # of the workers
    photos = write_photos(tmp_path / "photos", 48)
    cluster = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)
    parts = tmp_path / ".out-unfinished" / "parts"

    ended = threading.Event()

    def lose_a_machine() -> None:
        while not list(parts.glob("*.parquet")) and not ended.wait(0.02):
            pass
        cluster.remove_node(other, allow_graceful=False)

    losing = threading.Thread(target=lose_a_machine)
    losing.start()
    try:
        annotate(str(photos), tmp_path / "out", Asked((MODEL,), ray=cluster.address))
    finally:
        ended.set()
        losing.join()
        cluster.shutdown()
    annotate(str(photos), tmp_path / "here", ASKED)
    assert rows(tmp_path / "out") == rows(tmp_path / "here")
    assert rows(tmp_path / "out", "items") == rows(tmp_path / "here", "items")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_a_cluster_that_does_not_answer_is_said_at_once(address):
    pytest.importorskip("ray", reason="Ray is an extra")
    with pytest.raises(InputError, match=f"no Ray cluster answers at '{address}' .*refused.*give its address"):
        device_of(address)


def test_without_ray_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(InputError, match=r"pip install fer-hub\[cluster\]"):
        annotate(str(write_photos(tmp_path / "photos", 1)), tmp_path / "out", Asked((MODEL,), ray="local"))
