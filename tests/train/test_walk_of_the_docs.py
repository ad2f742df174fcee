"""The four commands of docs/train.md, as they stand there, from photos to a model that the demo offers."""

import re
import shlex
from importlib import import_module

import pytest

from fer_hub import EvaluationReport, ModelFolder
from fer_hub.demo.app import build_demo
from tests.conftest import REPOSITORY
from tests.raw_data import write_photos


def commands() -> list[list[str]]:
    text = (REPOSITORY / "docs" / "train.md").read_text(encoding="utf-8")
    section = text.partition("## From fifty photos a class to a model in the demo\n")[2].partition("\n## ")[0]
    block = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [shlex.split(line) for line in block[1].splitlines()]


@pytest.mark.slow
def test_four_commands_lead_from_photos_to_a_model_in_the_demo(known_geometry, tmp_path, monkeypatch, capsys):
    for split, count in (
        ("train", 6),
        ("validation", 3),
        ("test", 3),
    ):  # all of one face: splits made here would be one
        write_photos(tmp_path / "my-photos" / split, count)
    monkeypatch.chdir(tmp_path)
    *before, demo = commands()
    for python, script, *flags in before:
        assert python == "python"
        shorter = ["--epochs", "1", "--batch-size", "4", "--device", "cpu"] if "finetune" in script else []
        import_module(script.removesuffix(".py").replace("/", ".")).main([*flags, *shorter])
    assert "12 faces" not in capsys.readouterr().err
    model = ModelFolder(tmp_path / "runs" / "mine" / "model")
    assert model.config.labels == ("happy", "sad")
    assert model.config.training["started_from"] == "the model fer-live"
    report = EvaluationReport.from_json((tmp_path / "runs" / "mine" / "report.json").read_text())
    assert report.images == 6
    name, _, reference = demo[0].partition("=")
    assert demo[1:] == ["python", "app.py"]
    monkeypatch.setenv(name, reference)
    offered = {value for block in build_demo().blocks.values() for _, value in getattr(block, "choices", None) or []}
    assert reference in offered
