"""What train/prepare_data.py does whatever the source: copies, interruptions, licences, pushing, refusals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import datasets
import numpy as np
import pytest
from huggingface_hub import HfApi
from PIL import Image

from fer_hub import InputError
from fer_hub.data.preparation import parts
from fer_hub.data.preparation.publish import may_show
from fer_hub.errors import run_command
from tests.conftest import REPOSITORY, SHARED
from tests.raw_data import fer2013_faces, noise, prepare, write_expw, write_fer2013_csv
from train import prepare_data


@pytest.mark.parametrize("policy", ["keep", "drop"])
def test_copies_across_published_splits(tmp_path, policy):
    faces = [
        (split, expression, noise(number, 48, 48)[..., 0])
        for number, (split, expression, _) in enumerate(fer2013_faces({"train": 20, "validation": 5, "test": 5}))
    ]
    brighter = (faces[1][2] * 0.9 + 12).astype(np.uint8)
    faces[20] = ("validation", "sad" if faces[0][1] != "sad" else "happy", faces[0][2])
    faces[25] = ("test", faces[1][1], brighter)
    write_fer2013_csv(tmp_path / "raw" / "fer2013.csv", faces)
    loaded, report = prepare("fer2013", tmp_path / "raw", tmp_path / "out", "--duplicates", policy)
    exact, near = report["duplicates"].values()
    if policy == "drop":
        assert [len(rows) for rows in loaded.values()] == [18, 5, 5]
        assert (report["duplicates_dropped"], near["sets"]) == (2, 0)
        return
    assert exact["across_splits"] == {"validation in train": 1, "test in train": 0, "test in validation": 0}
    assert near["across_splits"] == {"validation in train": 1, "test in train": 1, "test in validation": 0}
    assert [entry["split"] for entry in exact["conflicts"][0]] == ["train", "validation"]
    assert loaded["train"]["duplicate"][:3] == ["exact", "near", ""]
    assert loaded["train"]["group"][:2] == [loaded["validation"]["group"][0], loaded["test"]["group"][0]]


@pytest.mark.skipif(not (SHARED / "data/fer2013").is_dir(), reason="FER-2013 is not on this machine")
def test_the_known_leak_of_fer2013_is_found(tmp_path):
    whole = datasets.load_dataset(str(SHARED / "data/fer2013"))
    undecoded = {name: rows.cast_column("image", datasets.Image(decode=False)) for name, rows in whole.items()}
    reported = {image["bytes"] for image in undecoded["validation"]["image"]}
    copied = [row for row, image in enumerate(undecoded["train"]["image"]) if image["bytes"] in reported]
    others = sorted(set(range(500)) - set(copied))  # all of train would take a minute
    (tmp_path / "raw").mkdir()
    whole["train"].select(copied + others).to_parquet(str(tmp_path / "raw" / "train.parquet"))
    whole["validation"].to_parquet(str(tmp_path / "raw" / "validation.parquet"))
    _, report = prepare("fer2013", tmp_path / "raw", tmp_path / "out", "--processes", "1")
    assert report["duplicates"]["exact"]["across_splits"] == {"validation in train": 280}


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    write_expw(tmp_path / "raw", photos=100, faces=20)  # four parts
    flags = ["expw", "--raw", str(tmp_path / "raw"), "--output", str(tmp_path / "out"), "--crop", "box"]
    command = [sys.executable, "train/prepare_data.py", *flags, "--processes", "2"]
    child = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL, start_new_session=True)
    folder = tmp_path / ".out-unfinished" / "parts"
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.parquet")):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    while True:  # its processes end with it
        assert time.monotonic() < deadline
        try:
            os.killpg(child.pid, 0)
            time.sleep(0.05)
        except ProcessLookupError:
            break
    assert not (tmp_path / "out").exists()
    finished = {file.name for file in folder.glob("*.parquet")}
    assert 1 <= len(finished) < 4

    written: list[str] = []
    write_part = parts.write_part

    def counted(file: Path, *rest: Any) -> None:
        written.append(file.name)
        write_part(file, *rest)

    monkeypatch.setattr(parts, "write_part", counted)
    loaded, _ = prepare("expw", tmp_path / "raw", tmp_path / "out", "--crop", "box", "--processes", "1")
    assert len(written) == 4 - len(finished)
    assert finished.isdisjoint(written)
    uninterrupted, _ = prepare("expw", tmp_path / "raw", tmp_path / "again", "--crop", "box", "--processes", "1")
    for name, rows in uninterrupted.items():
        undecoded = [side.cast_column("image", datasets.Image(decode=False)) for side in (rows, loaded[name])]
        assert undecoded[0].to_list() == undecoded[1].to_list()


def test_parts_of_other_settings_are_not_taken(tmp_path, monkeypatch):
    write_expw(tmp_path / "raw", photos=20, faces=2)
    monkeypatch.setattr(
        "fer_hub.data.preparation.prepare.read_index", lambda files: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        prepare("expw", tmp_path / "raw", tmp_path / "out", "--crop", "box", "--margin", "0")
    monkeypatch.undo()
    flags = ("--crop", "box", "--margin", "0.5", "--proportions", "2:1:1")
    loaded, _ = prepare("expw", tmp_path / "raw", tmp_path / "out", *flags)
    assert all(image.size != (40, 45) for image in loaded["train"]["image"])


def test_pushing_needs_a_login_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_hub.hub.client.get_token", lambda: None)
    with pytest.raises(InputError, match="log in with `hf auth login`, or set HF_TOKEN"):
        prepare("folder", tmp_path / "nowhere", tmp_path / "out", "--push")


@pytest.fixture
def hub(monkeypatch):
    """The Hub's client, with its real signatures, that does nothing."""
    client = create_autospec(HfApi, instance=True)
    client.whoami.return_value = {"name": "somebody"}
    for user in ("fer_hub.data.preparation.publish", "fer_hub.hub.client"):
        monkeypatch.setattr(f"{user}.HfApi", lambda: client)
    monkeypatch.setattr("fer_hub.hub.client.get_token", lambda: "token")
    return client


def some_pictures(folder: Path) -> Path:
    for number in range(6):
        (folder / "happy").mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, 48, 48)).save(folder / "happy" / f"{number}.png")
    return folder


def test_pushed_privately_unless_the_licence_is_open(tmp_path, hub):
    flags = ("--proportions", "1:1:1", "--push")
    prepare("folder", some_pictures(tmp_path / "raw"), tmp_path / "faces", *flags)
    hub.create_repo.assert_called_with("somebody/faces", repo_type="dataset", private=True, exist_ok=True)
    hub.upload_folder.assert_called_with(repo_id="somebody/faces", repo_type="dataset", folder_path=tmp_path / "faces")
    prepare("folder", tmp_path / "raw", tmp_path / "open", *flags, "team/open-faces", "--licence", "cc-by-4.0")
    hub.create_repo.assert_called_with("team/open-faces", repo_type="dataset", private=False, exist_ok=True)


def test_a_public_repository_gets_no_pictures_that_may_not_be_passed_on(tmp_path, hub):
    hub.repo_info.return_value.private = False
    with pytest.raises(InputError, match="exists and is public"):
        prepare("folder", some_pictures(tmp_path / "raw"), tmp_path / "out", "--proportions", "1:1:1", "--push", "a/b")
    hub.upload_folder.assert_not_called()
    assert (tmp_path / "out" / "README.md").exists()


@pytest.mark.parametrize(
    ("licence", "shown"),
    [("cc-by-4.0", True), ("CC0-1.0", True), ("cc-by-nd-4.0", False), ("other", False), ("unknown", False)],
)
def test_pictures_are_shown_only_under_open_licences(licence, shown):
    assert may_show(licence) == shown


def test_published_licences_are_not_the_users_to_choose(tmp_path):
    with pytest.raises(InputError, match="RAF-DB has its own: For non-commercial research only"):
        prepare("rafdb", tmp_path, tmp_path / "out", "--licence", "mit")


def test_when_nothing_can_be_read_no_dataset_is_written(tmp_path):
    (tmp_path / "raw" / "happy").mkdir(parents=True)
    (tmp_path / "raw" / "happy" / "1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"no picture can be used; the first, happy/1\.png: unreadable: the pict"):
        prepare("folder", tmp_path / "raw", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_existing_output_and_a_wrong_policy_are_refused(tmp_path, capsys):
    write_fer2013_csv(tmp_path / "raw" / "fer2013.csv", fer2013_faces({"train": 2}))
    command = ["fer2013", "--raw", str(tmp_path / "raw"), "--output", str(tmp_path)]
    assert run_command(lambda: prepare_data.main(command)) == 2
    assert "exists already" in capsys.readouterr().err
    with pytest.raises(InputError, match="group would move pictures between the published splits; choose keep or drop"):
        prepare("fer2013", tmp_path / "raw", tmp_path / "out", "--duplicates", "group")
    assert not (tmp_path / "out").exists()
