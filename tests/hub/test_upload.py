"""Pushing to the Hub, with the real client against the test Hub: models from a folder, datasets from their tool."""

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from fer_hub import InputError, ModelFolder
from fer_hub.data.preparation.publish import push_dataset
from fer_hub.files import CARD_PICTURES, MODEL_FILES
from fer_hub.hub.cards.card import NOTES_BELOW
from fer_hub.hub.endpoint import endpoint_files
from fer_hub.hub.references import BUNDLED
from tests.hub_server.access import READ_TOKEN, STRANGER_TOKEN, WRITE_TOKEN

MODEL = BUNDLED / "simple_cnn"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "mine")


def has_all_of_model(hub, repository: str) -> bool:
    """Whether MODEL's files are there, with a card that is rendered for that place."""
    pushed, rendered = hub.store.get("models", repository), ModelFolder(MODEL).rendered_card(repository)
    rendered["README.md"] = rendered["README.md"].replace(b"https://huggingface.co/", f"{hub.endpoint}/".encode())
    files = {name: rendered.get(name) or (MODEL / name).read_bytes() for name in (*MODEL_FILES, *CARD_PICTURES)}
    return all(hub.store.read(pushed, name) == content for name, content in files.items())


def test_a_folder_is_pushed_in_one_commit_of_our_own_files(hub, client, repository, folder):
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / ".env").write_text("HF_TOKEN=secret")
    status, out, err = client.run("push", folder, repository, "--public", token=WRITE_TOKEN)
    assert (status, out, err) == (0, f"Pushed: {hub.endpoint}/{repository}\n", "")
    pushed = hub.store.get("models", repository)
    assert not pushed.private
    assert [commit.message for commit in pushed.commits.values()] == ["initial commit", "Push mine with FER Hub"]
    assert set(pushed.find("main").files) == {".gitattributes", *MODEL_FILES, *CARD_PICTURES, *endpoint_files()}
    assert has_all_of_model(hub, repository)
    assert client.run("push", folder, repository, "--public", token=WRITE_TOKEN)[0] == 0
    assert len(pushed.commits) == 2  # nothing has changed
    (folder / "README.md").write_text(f"# An older card\n{NOTES_BELOW}\nMore.\n")
    assert client.run("push", folder, repository, "--public", token=WRITE_TOKEN)[0] == 0
    assert len(pushed.commits) == 3
    assert hub.store.read(pushed, "README.md").endswith(b"-->\n\nMore.\n")


def test_no_place_on_this_machine_is_published(hub, client, repository, folder):
    config = json.loads((folder / "config.json").read_text())
    config["training"] |= {
        "dataset": "/home/me/faces",
        "started_from": "the model /home/me/runs/fer-live",
        "command": "python train/finetune.py --dataset /home/me/faces --init-from ~/models/mine --output 'C:\\new'",
        "config": config["training"]["config"]
        | {"dataset": "/home/me/faces", "teacher": ["../me/teacher", "fer-live"]},
    }
    (folder / "config.json").write_text(json.dumps(config))
    report = json.loads((folder / "evaluation.json").read_text()) | {"dataset": "/home/me/faces"}
    (folder / "evaluation.json").write_text(json.dumps(report))
    status, _, err = client.run("push", folder, repository, token=WRITE_TOKEN)
    assert (status, err) == (0, "")
    pushed = hub.store.get("models", repository)
    published = json.loads(hub.store.read(pushed, "config.json"))
    assert published["training"]["command"] == (
        "python train/finetune.py --dataset faces --init-from mine --output new"
    )
    assert published["training"]["dataset"] == published["training"]["config"]["dataset"] == "faces"
    assert published["training"]["started_from"] == "the model folder fer-live"
    assert published["training"]["config"]["teacher"] == ["teacher", "fer-live"]
    assert published | {"training": None} == config | {"training": None}
    assert json.loads(hub.store.read(pushed, "evaluation.json")) == report | {"dataset": "faces"}
    for name in pushed.find("main").files:
        assert b"/home/me" not in hub.store.read(pushed, name), name
    assert json.loads((folder / "config.json").read_text()) == config  # at home nothing has changed


def test_a_name_alone_is_the_users_and_nothing_is_public_unasked(hub, client, repository, folder):
    name = repository.removeprefix("tester/")
    status, out, _ = client.run("push", folder, name, token=WRITE_TOKEN)
    assert (status, out) == (0, f"Pushed: {hub.endpoint}/{repository}\n")
    assert hub.store.get("models", repository).private
    hub.store.get("models", repository).private = False
    for flags in ([], ["--private"]):
        status, _, err = client.run("push", folder, name, *flags, token=WRITE_TOKEN)
        assert status == 2
        assert f"{repository} exists and is public; push with --public, give another name" in err
    assert client.run("push", folder, name, "--public", token=WRITE_TOKEN)[0] == 0


@pytest.mark.parametrize(
    ("token", "name", "sentence"),
    [
        (None, "tester/mine", "pushing needs a Hub account; log in with `hf auth login`"),
        ("hf_wrong", "tester/mine", "the Hub does not say who you are: your token is not accepted"),
        (READ_TOKEN, "tester/mine", "your token can only read"),
        (STRANGER_TOKEN, "tester/mine", "could not be pushed to tester/mine: your token does not allow it"),
        (WRITE_TOKEN, "tester/../mine", "'tester/../mine' cannot be pushed to: Repo id must be"),
        (WRITE_TOKEN, "tester/..", "'tester/..' cannot be pushed to: Repo id must use"),
    ],
)
def test_who_may_not_push_is_told_in_one_sentence(hub, client, folder, token, name, sentence):
    status, out, err = client.run("push", folder, name, token=token)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert sentence in err
    assert not hub.store.repositories


@pytest.mark.parametrize(
    ("pattern", "fault", "status", "sentence"),
    [
        ("GET /api/whoami", {"status": 503}, 1, "a failure of its own (status 503)"),
        ("POST /api/repos/create", {"status": 500}, 1, "a failure of its own (status 500)"),
        ("POST /api/repos/create", {"status": 403}, 2, "your token does not allow it"),
        ("POST .*/preupload", {"status": 429, "times": 1}, 0, ""),
        ("POST .*/batch", {"status": 404, "code": "RepoNotFound"}, 2, "no such repository"),
        ("PUT /storage", {"status": 500, "times": 1}, 0, ""),
        ("PUT /storage", {"status": 403}, 2, "your token does not allow it"),
        ("POST /api/verify", {"status": 404}, 1, "404"),
        ("POST .*/commit", {"status": 409}, 1, "something else is being done with this repository"),
        ("POST .*/commit", {"status": 412}, 1, "somebody else changed it at the same moment"),
        ("POST .*/commit", {"status": 429}, 1, "asks for a pause"),
        ("POST .*/commit", {"status": 503}, 1, "a failure of its own (status 503)"),
        ("POST .*/commit", {"cut": 0}, 1, "the connection broke off"),
    ],
)
def test_a_push_that_fails_loses_nothing_and_says_how_to_repeat_it(
    hub, client, repository, folder, pattern, fault, status, sentence
):
    hub.faults.order(pattern, **fault)
    ended, out, err = client.run("push", folder, repository, token=WRITE_TOKEN)
    assert ended == status, err
    if status:
        assert out == ""
        assert err.count("\n") == 1
        assert sentence in err
        if "whoami" not in pattern:
            assert f"`python -m fer_hub push {folder} {repository}` repeats the push alone" in err
    assert all((folder / name).read_bytes() == (MODEL / name).read_bytes() for name in MODEL_FILES)
    hub.faults.clear()
    assert client.run("push", folder, repository, token=WRITE_TOKEN)[0] == 0
    assert has_all_of_model(hub, repository)


@pytest.mark.parametrize("name", [name for name in MODEL_FILES if name != "README.md"])
def test_a_folder_that_lacks_a_file_is_not_pushed(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"it has no {name}"):
        ModelFolder(folder).check()


def test_a_link_to_a_file_elsewhere_is_not_pushed(folder, tmp_path):
    (tmp_path / "id_rsa").write_text(f"{NOTES_BELOW} secret")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(tmp_path / "id_rsa")
    with pytest.raises(InputError, match=r"README\.md is a link that leads out of the folder"):
        ModelFolder(folder).rendered_card()


def test_whatever_card_lies_there_the_one_that_is_pushed_is_found_by_lists(folder):
    for content in ("# no metadata", "---\nlibrary_name: [\n---\n", "---\nlibrary_name: timm\n---\n", None):
        if content is None:
            (folder / "README.md").unlink()
        else:
            (folder / "README.md").write_text(content)
        card = ModelCard(ModelFolder(folder).rendered_card("you/mine")["README.md"].decode())
        assert card.data.get("library_name") == "fer-hub"


def test_the_evaluation_of_another_model_is_not_pushed(folder):
    config = json.loads((folder / "config.json").read_text())
    config["labels"][0] = "contempt"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"evaluation\.json is of another model"):
        ModelFolder(folder).check()


@pytest.mark.slow
def test_nobody_trains_for_a_push_that_cannot_be(hub, client, tmp_path):
    arguments = ["--dataset", "nowhere/nothing", "--output", str(tmp_path / "run"), "--push"]
    status, _, err = client.call("train.finetune:main", arguments)
    assert status == 2
    assert "pushing needs a Hub account" in err
    assert not (tmp_path / "run").exists()


def push(folder: str, repository: str, private: bool) -> str:
    return push_dataset(Path(folder), repository, private)


def test_datasets_are_pushed_alike(hub, client, repository, tmp_path):
    folder = tmp_path / repository.removeprefix("tester/")
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# faces\n")
    (folder / "data" / "train.parquet").write_bytes(b"rows")
    status, out, err = client.call("tests.hub.test_upload:push", str(folder), "", True, token=WRITE_TOKEN)
    assert (status, out) == (0, f"{hub.endpoint}/datasets/{repository}\n"), err
    pushed = hub.store.get("datasets", repository)
    assert pushed.private
    assert hub.store.read(pushed, "data/train.parquet") == b"rows"

    pushed.private = False
    status, _, err = client.call("tests.hub.test_upload:push", str(folder), "", True, token=WRITE_TOKEN)
    assert (status, "exists and is public" in err) == (2, True)

    (folder / "README.md").write_text("# changed\n")
    hub.faults.order("POST .*/commit", status=503)
    status, _, err = client.call("tests.hub.test_upload:push", str(folder), repository, False, token=WRITE_TOKEN)
    assert status == 1
    assert f"`hf upload {repository} {folder} . --repo-type dataset` repeats the push alone" in err
