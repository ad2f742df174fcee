"""python -m fer_hub, as typed."""

import errno
import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from fer_hub import __version__, open_image
from fer_hub.__main__ import main
from fer_hub.commands import COMMANDS
from fer_hub.errors import FerHubError, InputError, run_command
from fer_hub.vision.images import EXAMPLE
from tests.conftest import REPOSITORY
from tests.videos import write_video


def test_recognize_prints_json(model_folder, tmp_path, capsys):
    Image.new("RGB", (200, 200)).save(tmp_path / "dark.png")
    main(["recognize", str(EXAMPLE), str(tmp_path / "dark.png"), "--model", str(model_folder), "--json"])
    photo, dark = json.loads(capsys.readouterr().out)
    assert photo["picture"] == str(EXAMPLE)
    assert photo["faces"][0].keys() == {"box", "confidence", "doubt", "expression", "probabilities"}
    assert dark == {"picture": str(tmp_path / "dark.png"), "faces": []}


def test_recognize_prints_text(model_folder, capsys):
    main(["recognize", str(EXAMPLE), "--model", str(model_folder)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{EXAMPLE}: 1 face"
    assert "%" in lines[1]


@pytest.mark.parametrize("page", ["README.md", "docs/use.md"])
def test_the_pages_show_what_is_printed_of_the_example(page, capsys):
    main(["recognize", str(EXAMPLE)])
    printed = capsys.readouterr().out.replace(str(EXAMPLE), "photo.jpg")
    assert f"$ fer-hub recognize photo.jpg\n{printed}" in (REPOSITORY / page).read_text(encoding="utf-8")


def test_text_says_where_an_answer_is_in_doubt(tmp_path, capsys):
    Image.open(EXAMPLE).reduce(4).save(tmp_path / "far.png")
    main(["recognize", str(tmp_path / "far.png")])
    assert "; not sure: the face is too small" in capsys.readouterr().out


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
        assert f"{model['architecture']}, {model['parameters']:,} parameters, " in text


EVERYWHERE_ELSE = (
    *("sklearn", "scipy", "datasets", "gradio", "pyarrow", "pandas", "matplotlib", "optuna", "captum", "accelerate"),
    *("transformers", "timm", "onnx", "onnxscript", "onnxruntime", "av", "imagehash", "ray", "jinja2", "uvicorn"),
)
"""What no quick command needs."""


@pytest.mark.parametrize(
    ("arguments", "too_heavy"),
    [
        ([], ("torch", "torchvision", "numpy", "PIL", "pydantic", "huggingface_hub", "httpx2", "yaml")),
        (["models"], ("torch", "torchvision", "facenet_pytorch", "PIL")),
        (["pull", "fer-live"], ("torch", "torchvision", "facenet_pytorch", "numpy", "PIL")),
        (["recognize", str(EXAMPLE)], ("torchvision", "facenet_pytorch", "httpx2", "triton")),
    ],
)
def test_a_command_imports_what_it_needs(arguments, too_heavy):
    code = (
        "import sys; from fer_hub.__main__ import main; from fer_hub.errors import run_command\n"
        f"run_command(lambda: main({arguments}))\n"
        f"sys.exit(str([name for name in {(*too_heavy, *EVERYWHERE_ELSE)} if name in sys.modules]))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == "[]"


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name} " not in shown] == []
    modules = {path.stem for path in (REPOSITORY / "fer_hub/commands").glob("*.py")} - {"__init__"}
    assert modules == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_takes(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"usage: python -m fer_hub {command} [-h]" in capsys.readouterr().out


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"FER Hub {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], r"no command is given; the commands are recognize, .*--help"),
        (["recognise", "a.jpg"], r"there is no command 'recognise' \(did you mean recognize\?\)"),
        (["--hlep"], r"there is no flag --hlep \(did you mean --help\?\)"),
        (["recognize", "--modle", "fer-live"], r"there is no flag --modle \(did you mean --model\?\)"),
        (["recognize", "--zzz=3", "a.jpg"], r"there is no flag --zzz; see python -m fer_hub recognize --help"),
        (["recognize"], r"arguments are required: PICTURE; see python -m fer_hub recognize --help"),
        (["models", "x\x1b"], r"'x\?' is one argument too many"),
        (["export", "fer-live", "--format", "onx"], r"invalid choice: 'onx' \(choose from '?onnx"),
        (["recognize", "clip.mp4"], r"clip.mp4 is a video; recognize clip.mp4 --output clip.csv writes"),
        (["recognize", "photo.jpg", "--output", "photo.csv"], r"--output is for one video"),
        (["recognize", "clip.mp4", "--output", "nowhere/clip.csv"], r"there is no folder nowhere for clip.csv"),
    ],
)
def test_a_wrong_word_is_answered_with_one_line(arguments, said):
    with pytest.raises(InputError, match=said) as raised:
        main(arguments)
    assert "\n" not in str(raised.value)


def test_flags_may_be_shortened_and_pictures_may_look_like_flags(model_folder, tmp_path, capsys):
    odd = tmp_path / "--photo.jpg"
    odd.write_bytes(EXAMPLE.read_bytes())
    main(["recognize", f"--mod={model_folder}", "--", str(odd)])
    assert capsys.readouterr().out.startswith(f"{odd}: 1 face\n")


def test_a_video_becomes_a_table(model_folder, tmp_path, capsys):
    video = write_video(tmp_path / "clip.mp4", [open_image(EXAMPLE)] * 10, rate=10)
    main(["recognize", str(video), "--model", str(model_folder), "--output", str(tmp_path / "clip.csv")])
    assert capsys.readouterr().out == f"{tmp_path / 'clip.csv'}: 1 person in 5 looks\n"
    header, *rows = (tmp_path / "clip.csv").read_text().splitlines()
    assert header.startswith("time_s,person,x1,y1,x2,y2,expression")
    assert len(rows) == 5
    before = video.read_bytes()
    with pytest.raises(InputError, match=r"is a table of who shows what when; clip\.csv names one"):
        main(["recognize", str(video), "--model", str(model_folder), "--output", str(video)])
    assert video.read_bytes() == before


def test_no_name_of_a_file_ends_a_batch(model_folder, tmp_path):
    names = [b"\xe6\x97\xa5.jpg", b"not-utf-8-\xff.jpg", b"bell\x07 and\nline.jpg"]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(EXAMPLE.read_bytes())
    (tmp_path / os.fsdecode(b"broken\x1b[31m\xff.jpg")).write_text("no")
    result = subprocess.run(
        [sys.executable, "-m", "fer_hub", "recognize", "--model", model_folder, *sorted(tmp_path.iterdir())],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert result.returncode == 2
    assert result.stdout.count(b": 1 face") == 3
    for shown in (rb"/\u65e5.jpg: 1 face", rb"/not-utf-8-\udcff.jpg: 1 face", rb"/bell\x07 and\nline.jpg: 1 face"):
        assert shown in result.stdout
    assert rb"broken\x1b[31m\udcff.jpg is not a JPEG" in result.stderr
    assert result.stderr.count(b"\n") == 1


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


@pytest.mark.slow
def test_a_proxy_that_is_away_costs_the_list_of_models_nothing_of_this_machine():
    unset = ("HF_HUB_OFFLINE", "NO_PROXY", "no_proxy")  # nothing but the proxy is asked, and there is none
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    proxies = dict.fromkeys(("ALL_PROXY", "http_proxy", "https_proxy"), "socks5://127.0.0.1:1")
    command = [sys.executable, "-m", "fer_hub", "models"]
    result = subprocess.run(command, cwd=REPOSITORY, env=kept | proxies, capture_output=True, text=True)
    assert result.returncode == 0
    assert "fer-live" in result.stdout
    assert "Only models on this machine are listed: the Hub cannot be reached" in result.stderr


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (None, 0, ""),
        (FerHubError("the disk is full."), 1, "failed: the disk is full.\n"),
        (InputError("no such file."), 2, "error: no such file.\n"),
        (KeyboardInterrupt(), 130, "stopped.\n"),
        (KeyboardInterrupt("stopped; go on with --resume."), 130, "stopped; go on with --resume.\n"),
        (
            OSError(errno.ENOSPC, "Error writing bytes to file"),
            1,
            "failed: no space left on device; make room, and give the command again.\n",
        ),
    ],
)
def test_exit_status(error, status, said, capsys):
    def command() -> None:
        if error is not None:
            raise error

    assert run_command(command) == status
    assert capsys.readouterr().err == said


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_failure():
    command = [sys.executable, "train/finetune.py", "--recipes"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
