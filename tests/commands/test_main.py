"""python -m fer_hub, as typed."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from fer_hub.__main__ import main
from fer_hub.errors import FerHubError, InputError, run_command
from fer_hub.vision.images import EXAMPLE
from tests.conftest import REPOSITORY


def test_recognize_prints_json(model_folder, tmp_path, capsys):
    Image.new("RGB", (200, 200)).save(tmp_path / "dark.png")
    main(["recognize", str(EXAMPLE), str(tmp_path / "dark.png"), "--model", str(model_folder), "--json"])
    photo, dark = json.loads(capsys.readouterr().out)
    assert photo["picture"] == str(EXAMPLE)
    assert photo["faces"][0].keys() == {"box", "confidence", "expression", "probabilities"}
    assert dark == {"picture": str(tmp_path / "dark.png"), "faces": []}


def test_recognize_prints_text(model_folder, capsys):
    main(["recognize", str(EXAMPLE), "--model", str(model_folder)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{EXAMPLE}: 1 face"
    assert "%" in lines[1]


def test_a_broken_picture_does_not_lose_the_others(model_folder, tmp_path, capsys):
    (tmp_path / "broken.jpg").write_text("no")
    with pytest.raises(InputError, match=r"broken\.jpg is not a JPEG"):
        main(["recognize", str(tmp_path / "broken.jpg"), str(EXAMPLE), "--model", str(model_folder), "--json"])
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_models_are_listed(capsys):
    main(["models"])
    text = capsys.readouterr().out
    main(["models", "--json"])
    for model in json.loads(capsys.readouterr().out):
        assert f"{model['place']:7}  {model['reference']}" in text
        assert f"  {model['architecture']}, {model['parameters']:,} parameters, " in text


def test_the_command_ends_with_one_sentence_and_status_2():
    result = subprocess.run(
        [sys.executable, "-m", "fer_hub", "recognize", "nothing.jpg", "--model", "no-such-model"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "no model 'no-such-model'" in result.stderr


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (None, 0, ""),
        (FerHubError("the disk is full."), 1, "failed: the disk is full.\n"),
        (InputError("no such file."), 2, "error: no such file.\n"),
        (KeyboardInterrupt(), 130, "stopped.\n"),
    ],
)
def test_exit_status(error, status, said, capsys):
    def command() -> None:
        if error is not None:
            raise error

    assert run_command(command) == status
    assert capsys.readouterr().err == said


def test_a_reader_that_has_seen_enough_is_no_failure():
    command = [sys.executable, "train/finetune.py", "--recipes"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
