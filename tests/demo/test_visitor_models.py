"""Models that visitors bring: the real client against the test Hub, in a child process."""

import json
import shutil
from functools import cache
from pathlib import Path

import pytest

from fer_hub import FerHubError, InputError, ModelFolder
from fer_hub.demo.state.evaluations import Evaluations
from fer_hub.demo.state.model_cache import ModelCache
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.state.visitor_models import VisitorModels
from fer_hub.demo.tabs.models import FURTHER_VARIABLE, _allowed, reference_in
from fer_hub.hub.references import BUNDLED
from tests.hub_server.access import WRITE_TOKEN

MODEL = BUNDLED / "simple_cnn"


def bring(*references: str, most: int = 20) -> str:
    """In the child process: what a visitor can choose after bringing these, and what went wrong."""
    recognizers = Recognizers(["fer-live"])
    recognizers._brought._most = most
    refused = []
    for reference in references:
        try:
            recognizers.bring(reference)
        except FerHubError as error:
            refused.append(str(error))
    usable = [reference for _, reference in recognizers.choices(references)]
    names = [recognizers.get([*usable]).labels, recognizers.evaluation(usable[-1]).images]
    return json.dumps({"choices": recognizers.choices(references), "refused": refused, "used": names})


def brought(client, *references: str, **how) -> dict:
    status, out, err = client.call("tests.demo.test_visitor_models:bring", *references, **how)
    assert status == 0, err
    return json.loads(out)


def in_cache(hub, repository: str) -> list[Path]:
    return list((hub.folder / "cache" / "hub").glob(f"models--{repository.replace('/', '--')}/snapshots/*/*"))


def test_a_public_model_becomes_a_choice_with_its_accuracy_and_size(hub, client, repository):
    hub.store.add_folder("models", repository, MODEL)
    answer = brought(client, repository)
    described, reference = answer["choices"][-1]
    assert reference == repository
    accuracy = Recognizers(["simple_cnn"]).models()[0]["accuracy"]
    assert described == f"{repository} ({accuracy:.1%} on FER-2013, 1.6 M parameters)"
    assert answer["used"][1] == 3589


def test_the_hosts_token_and_its_folders_are_not_for_visitors(hub, client, repository):
    hub.store.add_folder("models", repository, MODEL, private=True)
    names = [repository, "fer_hub/bundled", str(MODEL), "simple_cnn", "../../etc", "a/..", "<b>/x", "/", ""]
    answer = brought(client, *names, token=WRITE_TOKEN)
    assert [reference for _, reference in answer["choices"]] == ["fer-live"]
    assert len(answer["refused"]) == len(names)
    assert "no such repository, or it is private" in answer["refused"][0]
    assert all("is no owner/name" in sentence for sentence in answer["refused"][2:])
    assert not in_cache(hub, repository)


def test_what_the_host_may_read_is_not_for_visitors(hub, client, repository):
    """Private and gated repositories lie in the host's cache: by name, by commit, and with the Hub away."""
    names = [f"{repository}-private", f"{repository}-gated", f"{repository}-public"]
    stored = [hub.store.add_folder("models", name, MODEL) for name in names]
    commits = [repository.find("main").oid for repository in stored]
    for name in names:
        assert client.run("pull", name, token=WRITE_TOKEN)[0] == 0
    stored[0].private = stored[1].gated = True
    references = [f"{name}{at}" for name, commit in zip(names, commits, strict=True) for at in ("", f"@{commit}")]
    answer = brought(client, *references, token=WRITE_TOKEN)
    assert [reference for _, reference in answer["choices"]] == ["fer-live", *references[4:]]
    assert len(answer["refused"]) == 4
    hub.faults.order("GET /api/models", cut=5)
    answer = brought(client, *references, token=WRITE_TOKEN)
    assert [reference for _, reference in answer["choices"]] == ["fer-live"]
    assert all("cannot be reached" in sentence for sentence in answer["refused"])
    assert [reference for _, reference in brought(client, *references, offline=True)["choices"]] == ["fer-live"]


def listed(*references: str) -> str:
    """In the child process: which of these a visitor is shown."""
    return json.dumps(VisitorModels(20).public(references))


def test_visitors_are_shown_no_name_that_is_not_public(hub, client, repository):
    names = [f"{repository}-private", f"{repository}-public", "tester/gone"]
    for name in names[:2]:
        hub.store.add_folder("models", name, MODEL, private=name.endswith("private"))
    asked = "tests.demo.test_visitor_models:listed"
    assert json.loads(client.call(asked, *names, token=WRITE_TOKEN)[1]) == names[1:2]
    hub.faults.order("GET /api/models", cut=5)
    assert json.loads(client.call(asked, *names, token=WRITE_TOKEN)[1]) == []
    assert json.loads(client.call(asked, *names, offline=True)[1]) == []


@cache
def visit() -> tuple[Recognizers, Evaluations]:
    """In the child process: a demo that stays between calls."""
    recognizers = Recognizers(["fer-live"])
    return recognizers, Evaluations(recognizers, None)


def bring_and_evaluate(reference: str) -> str:
    recognizers, evaluations = visit()
    recognizers.bring(reference)
    return evaluations.get(reference).report.model


def test_a_repository_that_changed_is_shown_with_its_new_evaluation(hub, client, repository):
    asked = "tests.demo.test_visitor_models:bring_and_evaluate"
    stored = hub.store.add_folder("models", repository, MODEL)
    before = client.call(asked, repository)[1]
    report = json.loads((MODEL / "evaluation.json").read_text())
    changed = json.dumps({**report, "model": "trained anew"}).encode()
    hub.store.commit(stored, "trained anew", {"evaluation.json": changed})
    assert [before, client.call(asked, repository)[1]] == [f"{report['model']}\n", "trained anew\n"]


def test_what_is_too_many_goes_from_the_disk_unless_the_host_had_it(hub, client, repository):
    names = [f"{repository}-{letter}" for letter in "abc"]
    for name in names:
        hub.store.commit(hub.store.add_folder("models", name, MODEL), "its own", {"README.md": name.encode()})
    assert client.run("pull", names[0])[0] == 0
    answer = brought(client, *names, most=1)
    assert [reference for _, reference in answer["choices"]] == ["fer-live", names[2]]
    assert [bool(in_cache(hub, name)) for name in names] == [True, False, True]


def test_a_damaged_model_is_refused_by_its_name_and_deleted(hub, client, repository, tmp_path):
    folder = shutil.copytree(MODEL, tmp_path / "model")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-2] + b"\xff\x7f")  # not a number
    hub.store.add_folder("models", repository, folder)
    (refused,) = brought(client, repository)["refused"]
    assert refused == f"{repository}/model.safetensors holds weights that are not finite numbers."
    assert not in_cache(hub, repository)


def test_memory_keeps_what_was_used_last(tmp_path):
    folders = [ModelFolder(MODEL).copy(tmp_path / name) for name in "abc"]
    memory = ModelCache(2 * 1_626_055)
    first, second = memory.get(folders[0]), memory.get(folders[1])
    assert memory.get(folders[0]) is first
    memory.get(folders[2])
    assert memory.parameters == 2 * 1_626_055
    assert memory.get(folders[0]) is first
    assert memory.get(folders[1]) is not second
    assert ModelCache(1).get(folders[0])  # larger than all that may be kept, and usable


def test_an_ensemble_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("fer_hub.demo.state.recognizers.MAX_PARAMETERS", 3_000_000)
    recognizers = Recognizers(["simple_cnn", "fer-live"])
    with pytest.raises(InputError, match="too large together"):
        recognizers.get(recognizers.references)


def test_a_model_counts_once_and_few_are_used_together():
    recognizers = Recognizers(["fer-live", "simple_cnn"])
    assert len(recognizers.get(["fer-live"] * 200).classifiers) == 1
    with pytest.raises(InputError, match="5 models are too many at once; choose at most 4"):
        recognizers.get(list("abcde"))


def test_what_the_host_allows_is_one_of_three_words(monkeypatch):
    monkeypatch.delenv(FURTHER_VARIABLE, raising=False)
    assert _allowed() == "all"
    monkeypatch.setenv(FURTHER_VARIABLE, "some")
    with pytest.raises(InputError, match="expected all, hub or none"):
        _allowed()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" owner/name ", "owner/name"),
        ("https://huggingface.co/owner/name", "owner/name"),
        ("http://www.huggingface.co/owner/name/", "owner/name"),
        ("https://hf.co/owner/name?library=x#card", "owner/name"),
        ("https://huggingface.co/owner/name/tree/v1.0", "owner/name@v1.0"),
        ("https://huggingface.co/owner/name/blob/main/README.md", "owner/name"),
        ("https://elsewhere.org/owner/name", "https://elsewhere.org/owner/name"),
    ],
)
def test_an_address_of_the_hub_is_a_reference(typed, meant):
    assert reference_in(typed) == meant
