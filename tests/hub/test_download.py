"""Pulling from the Hub, with the real client against the test Hub: what is fetched, kept, and noticed."""

import os
import re
import shutil
from pathlib import Path

import pytest

from fer_hub import resolve
from fer_hub.files import CARD_PICTURES, MODEL_FILES
from fer_hub.hub.references import BUNDLED
from tests.hub_server.access import STRANGER_TOKEN, WRITE_TOKEN
from tests.hub_server.store import large_file

MODEL = BUNDLED / "simple_cnn"


def files_in(folder: str) -> list[str]:
    return sorted(os.listdir(folder))


def cache_of(hub, repository: str) -> Path:
    return hub.folder / "cache" / "hub" / f"models--{repository.replace('/', '--')}"


def resolve_for_visitor(reference: str) -> str:
    return str(resolve(reference, token=False))


def test_a_model_is_fetched_once_and_works_offline_afterwards(hub, client, repository, tmp_path):
    folder = shutil.copytree(MODEL, tmp_path / "model")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "code").mkdir()
    (folder / "code" / "model.py").write_text("print('no')")
    stored = hub.store.add_folder("models", repository, folder)
    status, out, err = client.run("pull", repository)
    assert (status, err) == (0, "")
    assert files_in(out.strip()) == sorted((*MODEL_FILES, *CARD_PICTURES))
    assert Path(out.strip()).name == stored.refs["main"]
    assert hub.faults.count("GET /storage") == 4  # the weights, the predictions and two pictures
    assert hub.faults.count("pytorch_model|code") == 0
    assert client.run("pull", repository, offline=True)[1] == out
    hub.faults.clear()
    assert client.run("pull", f"{repository}@main")[1] == out
    assert sum(hub.faults.requests.values()) == 1  # which commit is it now?
    assert client.run("pull", f"{repository}@{stored.refs['main']}")[1] == out
    assert sum(hub.faults.requests.values()) == 1  # a commit is asked for no more


def test_a_new_commit_is_a_new_folder_and_the_old_one_stays(hub, client, repository):
    stored = hub.store.add_folder("models", repository, MODEL)
    before = client.run("pull", repository)[1].strip()
    hub.store.commit(stored, "another card", {"README.md": b"# another\n"})
    stored.refs["v1"] = Path(before).name
    after = client.run("pull", repository)[1].strip()
    assert before != after
    assert Path(after, "README.md").read_text() == "# another\n"
    assert client.run("pull", f"{repository}@v1")[1].strip() == before


def test_all_files_are_of_one_commit_though_the_repository_moves_on(hub, client, repository):
    stored = hub.store.add_folder("models", repository, MODEL)
    other = BUNDLED / "fer-live"
    changed = {name: (other / name).read_bytes() for name in MODEL_FILES}
    hub.faults.order("HEAD .*/evaluation.json", first=lambda: hub.store.commit(stored, "x", changed), times=1)
    folder = Path(client.run("pull", repository)[1].strip())
    assert stored.refs["main"] != folder.name
    assert all((folder / name).read_bytes() == (MODEL / name).read_bytes() for name in MODEL_FILES)


def test_private_models_are_their_owners(hub, client, repository):
    hub.store.add_folder("models", repository, MODEL, private=True)
    for token in (None, STRANGER_TOKEN):
        status, _, err = client.run("pull", repository, token=token)
        assert status == 2
        assert err.count("\n") == 1
        assert "no such repository, or it is private" in err
    status, _, err = client.call("fer_hub.hub.references:resolve", repository, token=WRITE_TOKEN)
    assert status == 0, err


def test_what_a_visitor_names_is_asked_for_as_nobody_even_when_it_is_in_the_cache(hub, client, repository):
    hub.store.add_folder("models", repository, MODEL, private=True)
    assert client.run("pull", repository, token=WRITE_TOKEN)[0] == 0
    status, _, err = client.call("tests.hub.test_download:resolve_for_visitor", repository, token=WRITE_TOKEN)
    assert status == 2
    assert "it is private" in err


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("config.json", None, "holds no model of FER Hub: it has no config.json"),
        ("model.safetensors", None, "holds no model of FER Hub: it has no model.safetensors"),
        ("config.json", b" " * (1 << 20) + b"{}", "config.json of .* is too large: 1.0 MB"),
        ("model.safetensors", large_file("0" * 64, 2 << 30), "model.safetensors of .* is too large: 2,048.0 MB"),
        ("model.safetensors", large_file("0" * 64, 900 << 20), "do not fit its configuration: they hold 943,718,400 b"),
        ("predictions.parquet", large_file("0" * 64, 1 << 40), "predictions.parquet of .* is too large"),
    ],
)
def test_what_cannot_be_a_model_is_refused_before_it_is_fetched(hub, client, repository, name, content, sentence):
    stored = hub.store.add_folder("models", repository, MODEL)
    hub.store.commit(stored, "hostile", {name: content})
    status, out, err = client.run("pull", repository)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert re.search(sentence, err), err
    assert hub.faults.count("GET /storage") == 0


@pytest.mark.parametrize("change", ["a byte", "another file"])
def test_a_file_changed_in_the_cache_is_noticed_and_fetched_again(hub, client, repository, change):
    hub.store.add_folder("models", repository, MODEL)
    folder = Path(client.run("pull", repository)[1].strip())
    file = folder / "evaluation.json"
    if change == "a byte":
        file.resolve().write_bytes(file.read_bytes().replace(b"0.", b"1.", 1))
    else:
        file.unlink()
        file.write_bytes((MODEL / "evaluation.json").read_bytes())
    status, _, err = client.run("pull", repository, offline=True)
    assert status == 2
    assert err.count("\n") == 1
    assert f"{file} has changed since it was fetched" in err
    status, out, err = client.run("pull", repository)
    assert (status, out.strip(), err) == (0, str(folder), "")
    assert file.is_symlink()
    assert file.read_bytes() == (MODEL / "evaluation.json").read_bytes()
    assert client.run("pull", repository, offline=True)[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "fault", "status", "sentence"),
    [
        (
            "GET /api/models",
            {"status": 401, "message": "Invalid credentials in Authorization header"},
            2,
            "not accepted",
        ),
        ("GET /api/models", {"status": 401, "code": "RepoNotFound"}, 2, "no such repository, or it is private"),
        ("GET /api/models", {"status": 403, "code": "GatedRepo"}, 2, "gives access on request"),
        ("GET /api/models", {"status": 403}, 2, "your token does not allow it"),
        ("GET /api/models", {"status": 404, "code": "RepoNotFound"}, 2, "no such repository"),
        ("GET /api/models", {"status": 404, "code": "RevisionNotFound"}, 2, "no such revision"),
        ("GET /api/models", {"status": 429}, 1, "asks for a pause"),
        ("GET /api/models.*blobs", {"status": 503}, 1, "a failure of its own (status 503"),
        ("GET /api/models", {"status": 500}, 1, "a failure of its own (status 500"),
        ("GET /api/models", {"cut": 5}, 2, "the Hub cannot be reached"),
        ("HEAD .*/config.json", {"status": 503, "times": 1}, 0, ""),
        ("HEAD .*/evaluation.json", {"status": 404, "code": "EntryNotFound"}, 1, "has just gone"),
        ("HEAD .*/model.safetensors", {"status": 403}, 2, "does not allow it"),
        ("GET /storage", {"status": 403}, 2, "does not allow it"),
        ("GET /storage", {"status": 500}, 1, "a failure of its own"),
        ("GET /storage", {"status": 429, "headers": {"Retry-After": "0"}, "times": 1}, 0, ""),
        ("GET /storage", {"cut": 100_000, "times": 1}, 0, ""),
        ("GET /storage", {"cut": 0}, 1, "broke off"),
        ("GET /storage", {"wait": 0.3}, 0, ""),
        ("GET .*/evaluation.json", {"corrupt": True, "times": 1}, 0, ""),
        ("GET /storage", {"corrupt": True, "times": 1}, 0, ""),
        ("GET /storage", {"corrupt": True}, 1, "arrived damaged twice"),
    ],
)
def test_every_fault_ends_well_or_in_one_sentence(hub, client, repository, pattern, fault, status, sentence):
    hub.store.add_folder("models", repository, MODEL)
    hub.faults.order(pattern, **fault)
    ended, out, err = client.run("pull", repository)
    assert ended == status, err
    if status == 0:
        assert err == ""
    else:
        assert out == ""
        assert err.count("\n") == 1
        assert repository in err
        assert sentence in err
        assert client.run("pull", repository, offline=True)[0] == 2  # nothing half in the cache passes for a model
    assert not list(cache_of(hub, repository).rglob("*.incomplete"))
    hub.faults.clear()
    _, out, err = client.run("pull", repository)
    assert all(Path(out.strip(), name).read_bytes() == (MODEL / name).read_bytes() for name in MODEL_FILES), err


def test_a_hub_that_is_gone_leaves_what_is_in_the_cache(hub, client, repository):
    hub.store.add_folder("models", repository, MODEL)
    out = client.run("pull", repository)[1]
    hub.faults.order("GET", status=503)
    assert client.run("pull", repository)[:2] == (0, out)
    hub.faults.clear()
    hub.faults.order("GET", cut=0)
    assert client.run("pull", repository)[:2] == (0, out)


def test_offline_and_never_fetched(client, repository):
    status, _, err = client.run("pull", repository, offline=True)
    assert status == 2
    assert "neither a folder here nor in the cache" in err
