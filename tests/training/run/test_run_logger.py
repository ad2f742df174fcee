import json
import subprocess
import sys

import numpy as np
import pytest
from accelerate import Accelerator
from PIL import Image

from fer_hub import InputError
from fer_hub.training.run import run_logger
from fer_hub.training.run.run_logger import RunLogger, start_tracker
from tests.conftest import REPOSITORY

EPOCH = {"epoch": 1, "loss": 1.5, "accuracy": 0.4, "validation_loss": 1.4, "validation_accuracy": 0.5}


def test_the_history_and_its_curves_are_there_after_each_epoch(tmp_path):
    record = RunLogger(tmp_path, ("happy", "sad"))
    for epochs in (1, 2):
        history = [EPOCH | {"epoch": number + 1} for number in range(epochs)]
        record(history, np.eye(2))
        assert json.loads((tmp_path / "history.json").read_text()) == history
        assert Image.open(tmp_path / "curves.png").width > 1000
    assert {file.name for file in tmp_path.iterdir()} == {"history.json", "curves.png"}


def test_trackio_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(run_logger, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="--track trackio needs trackio; pip install trackio"):
        start_tracker("trackio", tmp_path, {})


def test_trackio_keeps_metrics_and_the_confusion_matrix(tmp_path):
    pytest.importorskip("trackio")
    code = f"""
import numpy as np, trackio
from accelerate import Accelerator
from pathlib import Path
from fer_hub.training.run.run_logger import RunLogger, start_tracker
Accelerator(cpu=True)
folder = Path({str(tmp_path / "mine")!r})
record = RunLogger(folder, ("happy", "sad"), start_tracker("trackio", folder, {{"epochs": 1, "teacher": ("a",)}}))
with record:
    record([{EPOCH!r}], np.array([[3, 1], [0, 4]]))
from trackio.sqlite_storage import SQLiteStorage
print(SQLiteStorage.get_logs("fer-hub", "mine"))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, env={"TRACKIO_DIR": str(tmp_path)}
    )
    assert result.returncode == 0, result.stderr
    assert "validation_accuracy" in result.stdout
    assert "confusion" in result.stdout


def test_tensorboard_gets_the_same(tmp_path):
    pytest.importorskip("tensorboard")
    Accelerator(cpu=True)
    with RunLogger(tmp_path, ("happy", "sad"), start_tracker("tensorboard", tmp_path, {"epochs": 1})) as record:
        record([EPOCH], np.array([[3, 1], [0, 4]]))
    written = b"".join(file.read_bytes() for file in (tmp_path / "tensorboard").rglob("*tfevents*"))
    assert b"validation_accuracy" in written


@pytest.mark.slow
def test_weights_and_biases_gets_the_same(tmp_path, monkeypatch, capfd):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    Accelerator(cpu=True)
    with RunLogger(tmp_path, ("happy", "sad"), start_tracker("wandb", tmp_path, {"epochs": 1})) as record:
        record([EPOCH], np.array([[3, 1], [0, 4]]))
    assert "validation_accuracy 0.5" in capfd.readouterr().err
    assert len(list((tmp_path / "wandb").rglob("confusion*.table.json"))) == 1
