"""The Space against the test Hub, with the real client."""

from pathlib import Path

import huggingface_hub
import pytest
import yaml

from fer_hub.__main__ import main
from fer_hub.errors import FerHubError, InputError
from fer_hub.space.spacefile import read_spacefile
from tests.conftest import REPOSITORY
from tests.hub_server.access import READ_TOKEN, WRITE_TOKEN

ID = "tester/faces"


@pytest.fixture
def project(tmp_path):
    """A small project with a Spacefile: files, a picture (a large file), a variable and a secret."""
    root = tmp_path / "project"
    (root / "fer_hub").mkdir(parents=True)
    for name in ("app.py", "fer_hub/__init__.py"):
        (root / name).write_text(f"# {name}\n")
    (root / "README.md").write_text("# Faces\n")
    (root / "requirements.txt").write_text("torch>=2.11\n")
    (root / "photo.png").write_bytes(bytes(1000))
    write_spacefile(root, secrets=["API_KEY"], variables={"LEVEL": "3"})
    return root


def write_spacefile(root: Path, **changes) -> None:
    """The project's own, with a small project's files."""
    values = yaml.safe_load((REPOSITORY / "Spacefile").read_text(encoding="utf-8"))
    values |= {"id": "faces", "files": ["app.py", "README.md", "requirements.txt", "fer_hub", "photo.png"]}
    (root / "Spacefile").write_text(yaml.safe_dump(values | changes))


@pytest.fixture
def deploy(hub, project, monkeypatch, capsys):
    """`python -m fer_hub deploy OPTIONS` inside this process; returns what it prints."""
    # What the client would read of the environment, had it not been imported.
    for name, value in {"ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True}.items():
        monkeypatch.setattr(huggingface_hub.constants, name, value)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    huggingface_hub.close_session()

    def run(*options, token=WRITE_TOKEN, secret=None):
        monkeypatch.setenv("HF_TOKEN", token)
        monkeypatch.setenv("API_KEY", secret or "")
        capsys.readouterr()  # what a failed call before has left
        main(["deploy", "--spacefile", str(project / "Spacefile"), *options])
        return capsys.readouterr().out

    yield run
    huggingface_hub.close_session()


def space_of(hub):
    return hub.store.get("spaces", ID)


def test_a_space_is_made_as_planned_and_the_second_time_there_is_nothing_to_do(hub, project, deploy):
    planned = deploy("--dry-run", secret="a-secret-value")
    assert space_of(hub) is None  # a dry run writes nothing, there
    assert (project / "README.md").read_text() == "# Faces\n"  # nor here
    assert hub.faults.count("^(POST|PUT|DELETE)") == 0
    assert planned.splitlines() == [
        f"create Space {ID} with gradio on cpu-basic",
        "set variable LEVEL to '3'",
        "set secret API_KEY",
        f"write the block at the top of {project}/README.md anew",
        *("add app.py", "add README.md", "add requirements.txt", "add fer_hub/__init__.py", "add photo.png"),
    ]

    done = deploy(secret="a-secret-value")
    assert done == planned + f"runs: {hub.endpoint}/spaces/{ID}\n"
    space = space_of(hub)
    assert (space.settings["sdk"], space.settings["hardware"]) == ("gradio", "cpu-basic")
    assert space.settings["variables"]["LEVEL"]["value"] == "3"
    assert space.settings["secrets"]["API_KEY"]["value"] == "a-secret-value"
    assert len(space.commits) == 2  # the first one the Hub makes, then all files in one
    assert hub.store.read(space, "README.md").decode() == (project / "README.md").read_text()
    block = yaml.safe_load((project / "README.md").read_text().split("---\n")[1])
    assert block == read_spacefile(project / "Spacefile").front_matter()
    assert hub.store.read(space, "requirements.txt") == b"torch>=2.11\ntorch<2.12\ntorchvision<0.27\n"

    written = hub.faults.count("^(POST|PUT|DELETE)")
    assert deploy().splitlines() == [  # the secret is there: its value is not needed
        f"{hub.endpoint}/spaces/{ID} is as the Spacefile says.",
        f"runs: {hub.endpoint}/spaces/{ID}",
    ]
    assert hub.faults.count("^(POST|PUT|DELETE)") == written


def test_only_what_changed_is_changed_and_what_is_gone_is_deleted(hub, project, deploy):
    deploy(secret="x")
    space = space_of(hub)
    hub.store.commit(space, "by hand", {"left-over.txt": b"x"})
    space.settings["variables"]["OLD"] = {"key": "OLD", "value": "1"}
    (project / "app.py").write_text("# new\n")
    (project / "photo.png").write_bytes(bytes(1001))
    write_spacefile(project, secrets=[], variables={"LEVEL": "4"}, hardware="zero-a10g")
    planned = deploy("--dry-run")
    space.settings["stages"] = ["RUNNING", "RUNNING", "BUILDING", "RUNNING"]
    assert deploy() == planned + f"runs: {hub.endpoint}/spaces/{ID}\n"
    assert planned.splitlines() == [
        "set variable LEVEL to '4'",
        "delete variable OLD",
        "delete secret API_KEY",
        "change hardware from cpu-basic to zero-a10g",
        f"write the block at the top of {project}/README.md anew",
        *("change app.py", "change README.md", "change photo.png", "delete left-over.txt"),
    ]
    assert {name: entry["value"] for name, entry in space.settings["variables"].items()} == {"LEVEL": "4"}
    assert space.settings["secrets"] == {}
    assert space.settings["hardware"] == "zero-a10g"
    assert space.settings["stages"] == []  # it was waited for
    assert "left-over.txt" not in space.find("main").files
    assert ".gitattributes" in space.find("main").files
    assert hub.store.read(space, "photo.png") == bytes(1001)


def test_secrets_are_kept_or_renewed_and_never_shown(hub, deploy):
    deploy(secret="first")
    deploy(secret="second")
    assert space_of(hub).settings["secrets"]["API_KEY"]["value"] == "first"
    said = deploy("--renew-secrets", secret="second")
    assert space_of(hub).settings["secrets"]["API_KEY"]["value"] == "second"
    assert "set secret API_KEY\n" in said
    assert "second" not in said


def test_somebody_elses_commit_in_between_is_not_overwritten(hub, project, deploy):
    deploy(secret="x")
    (project / "app.py").write_text("# mine\n")
    theirs = {"app.py": b"# theirs\n"}
    hub.faults.order("POST .*/commit/main", first=lambda: hub.store.commit(space_of(hub), "theirs", theirs), times=1)
    with pytest.raises(FerHubError, match="somebody else changed it at the same moment"):
        deploy()
    assert hub.store.read(space_of(hub), "app.py") == b"# theirs\n"
    deploy()
    assert hub.store.read(space_of(hub), "app.py") == b"# mine\n"


def test_a_token_that_may_not_write_is_refused_in_one_sentence(hub, deploy):
    with pytest.raises(InputError, match="your token can only read"):
        deploy(token=READ_TOKEN, secret="x")
    assert space_of(hub) is None


def test_after_a_failure_the_same_command_goes_on(hub, deploy):
    hub.faults.order("POST .*/commit/main", status=413, times=1)
    with pytest.raises(FerHubError, match=r"larger than the Hub takes at once; the same command goes on from here\.$"):
        deploy(secret="x")
    assert deploy().splitlines()[0] == "add app.py"
    assert len(space_of(hub).commits) == 2


def test_a_space_that_does_not_come_to_run_is_a_failure(hub, deploy):
    deploy(secret="x")
    space_of(hub).settings["stages"] = ["RUNNING", "BUILDING", "BUILD_ERROR"]
    with pytest.raises(FerHubError, match=f"spaces/{ID} does not run, its state is BUILD_ERROR"):
        deploy()


def test_without_login_one_sentence_says_how(deploy, monkeypatch):
    monkeypatch.setattr("fer_hub.hub.client.get_token", lambda: None)
    with pytest.raises(InputError, match="log in with `hf auth login`"):
        deploy()


def test_a_missing_secret_is_named_before_anything_is_written(hub, deploy):
    with pytest.raises(InputError, match=r"taken from the environment, which lacks API_KEY\.$"):
        deploy()
    assert space_of(hub) is None
