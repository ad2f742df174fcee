"""What `python -m fer_hub models` lists: bundled, cached, and on the Hub."""

import json

import pytest

from fer_hub.hub.catalogue import models_here
from fer_hub.hub.references import BUNDLED, bundled_models
from tests.hub_server.access import WRITE_TOKEN

MODEL = BUNDLED / "simple_cnn"


def listed(client, **how) -> list[dict]:
    status, out, err = client.run("models", "--json", **how)
    assert (status, err) == (0, "")
    return json.loads(out)


def on_hub(client, **how) -> dict[str, dict]:
    return {model["reference"]: model for model in listed(client, **how) if model["place"] == "hub"}


def test_bundled_models_come_first():
    models = list(models_here())[: len(bundled_models())]
    assert [model.reference for model in models] == bundled_models()
    assert all(model.place == "bundled" and model.accuracy and model.bytes for model in models)


def test_models_of_the_hub_are_found_by_their_library(hub, client, repository):
    hub.hub.page_size = 1  # the list has several pages
    hub.store.add_folder("models", "someone/faces", MODEL)
    hub.store.add_folder("models", "someone/other", BUNDLED / "fer-live")
    hub.store.create("models", "someone/language-model")
    hub.store.add_folder("models", repository, MODEL, private=True)
    found = on_hub(client)
    assert set(found) == {"someone/faces", "someone/other"}
    assert set(on_hub(client, token=WRITE_TOKEN)) == {"someone/faces", "someone/other", repository}
    here = next(model for model in models_here() if model.reference == "simple_cnn")
    faces = found["someone/faces"]
    assert faces["accuracy"] == pytest.approx(here.accuracy, abs=1e-4)
    assert (faces["parameters"], faces["dataset"]) == (here.parameters, "FER-2013 (labels of one person)")
    assert 0 < here.bytes - faces["bytes"] < 10_000  # the file's header
    assert faces["date"] == hub.store.get("models", "someone/faces").find("main").date[:10]
    hub.hub.page_size = 100


def test_models_in_the_cache_are_listed_by_what_names_them(hub, client, repository):
    stored = hub.store.add_folder("models", repository, MODEL)
    client.run("pull", repository)
    old = stored.refs["main"]
    hub.store.commit(stored, "another card", {"README.md": b"# another\n"})
    client.run("pull", repository)
    cached = {model["reference"]: model for model in listed(client) if model["place"] == "cached"}
    assert {repository, f"{repository}@{old}"} <= set(cached)
    assert cached[repository]["architecture"] == "simple_cnn"
    assert cached[repository]["bytes"] == (MODEL / "model.safetensors").stat().st_size
    assert len(cached[repository]["date"]) == len("2026-01-31")


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401, "message": "Invalid credentials in Authorization"}])
def test_without_the_hub_the_others_are_listed(hub, client, fault):
    offline = client.run("models", offline=True)
    assert (offline[0], offline[2].count("\n")) == (0, 1)
    assert "Only models on this machine are listed: HF_HUB_OFFLINE" in offline[2]
    hub.faults.order("GET /api/models", **fault)
    status, out, err = client.run("models")
    assert (status, out) == (0, offline[1])
    assert err == "Only models on this machine are listed: " + err.split(": ", 1)[1]
    assert hub.faults.count("GET /api/models") <= 2  # asked once, not for half a minute
    assert all(name in offline[1] for name in bundled_models())


def test_a_silent_hub_is_not_waited_for(hub, client):
    hub.faults.order("GET /api/models", wait=20)
    status, out, err = client.run("models")
    assert status == 0
    assert all(name in out for name in bundled_models())
    assert "the Hub cannot be reached" in err
    assert hub.faults.count("GET /api/models") == 1


CARD = """---
library_name: fer-hub
model-index:
- name: "{text}"
  results:
  - task: {{type: image-classification}}
    dataset: {{type: x, name: "{text}"}}
    metrics:
    - {{type: accuracy, value: {value}}}
---
<script>alert(1)</script>
"""


@pytest.mark.parametrize("value", ["1e99", "-1", ".nan", "'<b>99</b>'", "[1, 2]", "null", "0.5"])
def test_a_strangers_card_cannot_spoil_the_list(hub, client, repository, value):
    stored = hub.store.create("models", repository)
    card = CARD.format(text=r"\e[2J\n<script>alert(1)</script>" + "x" * 1000, value=value)
    hub.store.commit(stored, "hostile", {"README.md": card.encode(), "model.safetensors": b"\0" * 9})
    model = on_hub(client)[repository]
    assert model["accuracy"] == (0.5 if value == "0.5" else None)
    assert model["parameters"] is None
    status, out, _ = client.run("models")
    assert status == 0
    assert "\x1b" not in out
    assert "<" not in out
    assert all(len(line) < 300 for line in out.splitlines())


@pytest.mark.parametrize("index", ["model-index: 7", "model-index: [{}]", "tags: {a: 1}", "eval_results: [1]"])
def test_a_card_of_odd_shape_cannot_spoil_the_list(hub, client, repository, index):
    stored = hub.store.create("models", repository)
    hub.store.commit(stored, "odd", {"README.md": f"---\nlibrary_name: fer-hub\n{index}\n---\n".encode()})
    hub.store.add_folder("models", "someone/faces", MODEL)
    assert "someone/faces" in on_hub(client)
