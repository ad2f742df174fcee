"""The whole walk: dataset, training, push, list, pull into another cache, recognise, and again without the Hub."""

import json
import shutil

import pytest

from fer_hub.hub.references import BUNDLED
from fer_hub.vision.images import EXAMPLE
from tests.faces import write_dataset
from tests.hub_server.access import WRITE_TOKEN
from tests.hub_server.running import Client


@pytest.fixture
def elsewhere(hub):
    """Somebody else's machine, with a cache of its own and nobody logged in."""
    client = Client(hub, cache="elsewhere")
    yield client
    client.close()


@pytest.mark.slow
def test_from_pictures_to_an_ensemble_on_somebody_elses_machine(hub, client, elsewhere, tmp_path):
    raw = write_dataset(tmp_path / "raw", {"train": 12, "validation": 4, "test": 4})
    push = ["--licence", "cc-by-4.0", "--push"]
    arguments = ["folder", "--raw", str(raw), "--output", str(tmp_path / "drawn"), "--processes", "1", *push]
    status, out, err = client.call("train.prepare_data:main", arguments, token=WRITE_TOKEN)
    assert status == 0, err
    assert f"Pushed: {hub.endpoint}/datasets/tester/drawn" in out

    arguments = ["--dataset", "tester/drawn", "--output", str(tmp_path / "run"), "--epochs", "2", "--device", "cpu"]
    status, out, err = client.call("train.finetune:main", [*arguments, "--push", "--public"], token=WRITE_TOKEN)
    assert status == 0, err
    assert out.splitlines()[-1] == f"Pushed: {hub.endpoint}/tester/report"
    trained = json.loads((tmp_path / "run" / "model" / "config.json").read_text())["training"]
    assert trained["dataset_revision"] == hub.store.get("datasets", "tester/drawn").refs["main"]
    assert "push" not in trained["command"]
    other = shutil.copytree(BUNDLED / "simple_cnn", tmp_path / "other")
    assert client.run("push", other, "tester/other", "--public", token=WRITE_TOKEN)[0] == 0

    listed = json.loads(elsewhere.run("models", "--json")[1])
    report = json.loads((tmp_path / "run" / "model" / "evaluation.json").read_text())
    found = {model["reference"]: model for model in listed if model["place"] == "hub"}
    assert set(found) == {"tester/report", "tester/other"}
    assert found["tester/report"]["accuracy"] == pytest.approx(report["accuracy"], abs=1e-4)

    for name in ("report", "other"):
        assert elsewhere.run("pull", f"tester/{name}")[0] == 0
    recognize = ["recognize", EXAMPLE, "--json", "--model", "tester/report", "--model", "tester/other"]
    status, online, err = elsewhere.run(*recognize)
    assert status == 0, err
    (face,) = json.loads(online)[0]["faces"]
    assert sum(face["probabilities"].values()) == pytest.approx(1)
    evaluate = ["--model", "tester/report", "--dataset", "tester/drawn", "--split", "test", "--output"]
    assert elsewhere.call("train.evaluate:main", [*evaluate, str(tmp_path / "online.json")])[0] == 0

    hub.store.clear()
    alone = hub.run("-m", "fer_hub", *recognize, cache="elsewhere", offline=True)
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, online, "")
    alone = hub.run("train/evaluate.py", *evaluate, tmp_path / "offline.json", cache="elsewhere", offline=True)
    assert alone.returncode == 0, alone.stderr
    again = json.loads((tmp_path / "offline.json").read_text())
    assert again == json.loads((tmp_path / "online.json").read_text())
    assert again["accuracy"] == pytest.approx(report["accuracy"])
    listed = json.loads(hub.run("-m", "fer_hub", "models", "--json", cache="elsewhere", offline=True).stdout)
    assert {model["reference"] for model in listed if model["place"] == "cached"} == {"tester/report", "tester/other"}


@pytest.mark.slow
def test_a_push_that_fails_after_training_leaves_the_model(hub, client, tmp_path):
    data = write_dataset(tmp_path / "data", {"train": 8, "validation": 2, "test": 2})
    hub.faults.order("POST .*/commit", status=503)
    arguments = ["--dataset", str(data), "--output", str(tmp_path / "run"), "--epochs", "1", "--device", "cpu"]
    status, _, err = client.call("train.finetune:main", [*arguments, "--push", "mine"], token=WRITE_TOKEN)
    assert status == 1
    folder = tmp_path / "run" / "model"
    assert f"`python -m fer_hub push {folder} tester/mine` repeats the push alone" in err
    hub.faults.clear()
    assert client.run("push", folder, "tester/mine", token=WRITE_TOKEN)[0] == 0
    assert hub.store.get("models", "tester/mine").private
