import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from fer_hub import InputError, list_models, resolve
from fer_hub.hub import BUNDLED, bundled_models, read_evaluation, summarize
from tests.conftest import REPOSITORY


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
def hub(model_folder, tmp_path):
    """A running test Hub with one model, beside whose files lies one that is not ours."""
    folder = shutil.copytree(model_folder, tmp_path / "repository")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "tests/hub_server.py", str(port), f"someone/faces={folder}"]
    with subprocess.Popen(command, cwd=REPOSITORY) as server:
        yield f"http://127.0.0.1:{port}", tmp_path / "cache"
        server.terminate()


def ask(hub: tuple, reference: str, offline: bool = False) -> subprocess.CompletedProcess:
    """Resolve a reference in a child process, since the client reads its environment when it is imported."""
    endpoint, cache = hub
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_OFFLINE": str(int(offline))}
    environment |= {"HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    code = "import sys, fer_hub; print(fer_hub.resolve(sys.argv[1]))"
    return subprocess.run(
        [sys.executable, "-c", code, reference], env=environment, cwd=REPOSITORY, capture_output=True, text=True
    )


def wait_for(endpoint: str) -> dict[str, int]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):
        try:
            return json.loads(opener.open(endpoint + "/served").read())
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the test hub did not start")


def test_a_model_is_fetched_once_and_works_offline_afterwards(hub, model_folder):
    wait_for(hub[0])
    first = ask(hub, "someone/faces")
    assert first.returncode == 0, first.stderr
    folder = first.stdout.strip()
    assert sorted(os.listdir(folder)) == sorted(os.listdir(model_folder))
    served = wait_for(hub[0])
    assert served["model.safetensors"] == 1
    assert "pytorch_model.bin" not in served
    assert ask(hub, "someone/faces@main").stdout.strip() == folder
    assert ask(hub, "someone/faces", offline=True).stdout.strip() == folder
    assert wait_for(hub[0]) == served


def test_models_and_revisions_that_are_not_there_are_named(hub):
    wait_for(hub[0])
    for reference in ("someone/nothing", "someone/faces@v9"):
        result = ask(hub, reference)
        assert result.returncode == 1
        assert "InputError: someone/" in result.stderr.splitlines()[-1]
    offline = ask(hub, "someone/faces", offline=True)
    assert "neither a folder here nor in the cache" in offline.stderr
