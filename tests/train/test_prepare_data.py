"""What train/prepare_data.py does whatever the source: copies, interruptions, licences, pushing, refusals."""

import os
import re
import shlex
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
from tests.raw_data import (
    all_rows,
    fer2013_faces,
    noise,
    prepare,
    words,
    write_expw,
    write_fer2013_csv,
    write_photos,
    write_table,
)
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


@pytest.mark.slow
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


def text_of(folder: Path) -> str:
    return " ".join((folder / "README.md").read_text(encoding="utf-8").split())


def test_whole_photos_become_faces_and_the_card_says_so(tmp_path, capsys):
    raw = write_photos(tmp_path / "my-photos", 6, empty=1)
    loaded, report = prepare("folder", raw, tmp_path / "out", "--proportions", "2:1:1", "--duplicates", "keep")
    assert {image.size for rows in loaded.values() for image in rows["image"]} == {(96, 96)}
    assert report["cut"] == {"landmarks": 12}
    assert report["left_out"] == {"no face found": 2}
    assert report["left_out_files"] == {"no face found": ["happy/empty_0.jpg", "sad/empty_0.jpg"]}
    assert loaded["train"].features["label"].names == ["happy", "sad"]  # no class that nobody labelled
    assert "12 faces were cut out of photos (in 12 of 14 looked at a face is found, which covers" in text_of(
        tmp_path / "out"
    )
    printed = capsys.readouterr().out
    assert "12 faces: train 6, validation 3, test 3 (splits made here)." in printed
    assert "--crop landmarks: faces were cut out by their landmarks; in 12 of 14 looked at a face is found" in printed
    assert "Left out: 2 no face found (first: happy/empty_0.jpg)." in printed
    again, _ = prepare("folder", tmp_path / "out", tmp_path / "again", "--proportions", "2:1:1")
    assert report["pictures_are"] == "faces"
    assert {image.size for image in again["train"]["image"]} == {(96, 96)}


def test_face_crops_stay_as_they_are(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 4)
    prepare("folder", photos, tmp_path / "faces", "--proportions", "2:1:1", "--duplicates", "keep")
    for number, image in enumerate(datasets.load_dataset(str(tmp_path / "faces"))["train"]["image"]):
        (tmp_path / "crops" / "happy").mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / "crops" / "happy" / f"{number}.bmp")
    capsys.readouterr()
    loaded, report = prepare(
        "folder", tmp_path / "crops", tmp_path / "out", "--proportions", "2:1:1", "--duplicates", "keep"
    )
    assert report["cut"] == {"whole": 4}
    assert report["crop"]["how"] == "none"
    assert loaded["train"][0]["image"].format == "PNG"  # which every reader of the dataset takes
    assert "The pictures are face crops already (in 4 of 4 looked at" in text_of(tmp_path / "out")
    assert "4 faces: " in capsys.readouterr().out


def test_photos_that_are_kept_are_called_photos(tmp_path, capsys):
    raw = write_photos(tmp_path / "photos", 4)
    prepare("folder", raw, tmp_path / "out", "--crop", "none", "--proportions", "2:1:1", "--duplicates", "keep")
    card = text_of(tmp_path / "out")
    assert "`image`: the photo" in card
    assert "The pictures are whole photos, of which nothing was cut out" in card
    assert "8 photos: " in capsys.readouterr().out


def test_labels_and_columns_as_the_user_says(tmp_path):
    some_pictures(tmp_path / "raw")
    rows = [(f"happy/{number}.png", number % 3, "ABC"[number % 3], number / 10, 20 + number) for number in range(6)]
    write_table(tmp_path / "raw" / "list.csv", [("img", "code", "part", "valence", "age"), *rows])
    flags = ["--label-column", "code", "--label-names", "angry,-,sad", "--keep", "age", "--proportions", "2:1:1"]
    loaded, report = prepare("folder", tmp_path / "raw", tmp_path / "out", *flags)
    every = all_rows(loaded)
    assert sorted(zip(words(every), every["age"], strict=True)) == [
        ("angry", 20),
        ("angry", 23),
        ("sad", 22),
        ("sad", 25),
    ]
    assert every.features["age"].dtype == "int64"
    assert sorted(every["valence"]) == pytest.approx([0.0, 0.2, 0.3, 0.5])
    assert report["left_out"] == {"labelled 1": 2}
    said = re.search(r"```\n(python .*)\n```", (tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    assert said is not None
    command = [str(tmp_path / "raw") if word == "RAW" else word for word in shlex.split(said[1])]
    assert command[:4] == ["python", "train/prepare_data.py", "folder", "--raw"]
    assert command[5:7] == ["--output", "out"]
    again, _ = prepare("folder", tmp_path / "raw", tmp_path / "again", *command[7:])
    assert {name: rows["source"] for name, rows in again.items()} == {n: rows["source"] for n, rows in loaded.items()}
    with pytest.raises(InputError, match=r"--keep gender: .* has no such column"):
        prepare("folder", tmp_path / "raw", tmp_path / "more", *flags[:4], "--keep", "gender")
    with pytest.raises(InputError, match="--label-names: for your own pictures"):
        prepare("fer2013", tmp_path / "raw", tmp_path / "more", "--label-names", "angry,sad")
