import os
import shutil
import subprocess

import pytest

from fer_hub import InputError, list_models, resolve
from fer_hub.hub import BUNDLED, bundled_models, read_evaluation, summarize


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_models_resolve_and_carry_their_evaluation(name):
    folder = resolve(name)
    assert folder.parent == BUNDLED
    report = read_evaluation(name)
    trace = sum(report.confusion_matrix[k][k] for k in range(len(report.labels)))
    assert trace / report.images == pytest.approx(report.accuracy)
    assert {file.name for file in folder.iterdir()} == {
        "config.json",
        "model.safetensors",
        "evaluation.json",
        "predictions.parquet",
        "README.md",
    }


def test_the_most_accurate_bundled_model_comes_first():
    accuracies = [model.accuracy or 0 for model in list_models()]
    assert accuracies
    assert accuracies == sorted(accuracies, reverse=True)


def test_a_folder_is_its_own_reference(model_folder):
    assert resolve(str(model_folder)) == model_folder
    model = summarize(str(model_folder))
    assert (model.architecture, model.parameters) == ("simple_cnn", 1_626_055)
    assert model.accuracy == read_evaluation(str(model_folder)).accuracy


@pytest.mark.parametrize("reference", ["", "nothing-here", "../bundled/x", "a/b/c", "https://x.example/y", "a/b@"])
def test_other_references_are_refused_with_the_three_forms(reference):
    with pytest.raises(InputError, match=r"bundled model .*model folder, or owner/name\[@revision\]"):
        resolve(reference)


def test_a_folder_without_evaluation_has_none(model_folder, tmp_path):
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    (copy / "evaluation.json").unlink()
    assert summarize(str(copy)).accuracy is None
    with pytest.raises(InputError, match=r"has no evaluation\.json"):
        read_evaluation(str(copy))


@pytest.fixture
def repository(hub, model_folder, tmp_path):
    """A model on the test Hub, beside whose files lies one that is not ours."""
    folder = shutil.copytree(model_folder, tmp_path / "repository")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    return hub.store.add_folder("models", "someone/faces", folder)


def ask(hub, reference: str, offline: bool = False) -> subprocess.CompletedProcess:
    code = "import sys, fer_hub; print(fer_hub.resolve(sys.argv[1]))"
    return hub.run("-c", code, reference, offline=offline)


def test_a_model_is_fetched_once_and_works_offline_afterwards(hub, repository, model_folder):
    first = ask(hub, "someone/faces")
    assert first.returncode == 0, first.stderr
    folder = first.stdout.strip()
    assert sorted(os.listdir(folder)) == sorted(os.listdir(model_folder))
    assert hub.faults.count("GET /storage") == 2
    assert hub.faults.count("pytorch_model.bin") == 0
    assert ask(hub, "someone/faces@main").stdout.strip() == folder
    assert ask(hub, "someone/faces", offline=True).stdout.strip() == folder
    assert hub.faults.count("GET /storage") == 2


def test_models_and_revisions_that_are_not_there_are_named(hub, repository):
    for reference in ("someone/nothing", "someone/faces@v9"):
        result = ask(hub, reference)
        assert result.returncode == 1
        assert "InputError: someone/" in result.stderr.splitlines()[-1]
    offline = ask(hub, "someone/faces", offline=True)
    assert "neither a folder here nor in the cache" in offline.stderr
