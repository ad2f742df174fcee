import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from fer_hub import FerHubError, InputError
from fer_hub.training.run.checkpoint import Checkpoint
from tests.conftest import REPOSITORY
from train import finetune


def test_a_state_comes_back_as_it_was(tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint", {"seed": 0})
    checkpoint.save({"weights": torch.arange(3), "history": [{"loss": 0.5}]})
    checkpoint.save({"weights": torch.arange(4), "history": []})
    assert checkpoint.load()["weights"].tolist() == [0, 1, 2, 3]
    assert os.listdir(tmp_path / "checkpoint") == ["state.pt"]
    checkpoint.delete()
    assert os.listdir(tmp_path) == []


def test_missing_damaged_and_foreign_checkpoints_are_refused_by_name(tmp_path):
    checkpoint = Checkpoint(tmp_path, {"learning_rate": 0.001})
    with pytest.raises(InputError, match=r"nothing to resume at .*state\.pt"):
        checkpoint.load()
    checkpoint.save({"epoch": 1})
    with pytest.raises(InputError, match=r"state\.pt was written with learning_rate 0.001, not 0.01"):
        Checkpoint(tmp_path, {"learning_rate": 0.01}).load()
    with pytest.raises(InputError, match="holds the state of a run; continue it with --resume"):
        checkpoint.refuse_existing()
    whole = checkpoint.path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"not a checkpoint"):
        checkpoint.path.write_bytes(content)
        with pytest.raises(InputError, match=r"state\.pt is damaged"):
            checkpoint.load()


def test_a_full_disk_loses_the_new_state_not_the_old_one(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.save({"epoch": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FerHubError, match="No space left on device"):
        checkpoint.save({"epoch": 2})
    assert checkpoint.load() == {"epoch": 1}
    assert os.listdir(tmp_path) == ["state.pt"]


@pytest.mark.slow
def test_a_run_killed_in_mid_epoch_ends_with_the_same_weights(dataset_folder, tmp_path):
    settings = f"--dataset {dataset_folder} --epochs 4 --batch-size 8 --validation-share 0.2 --device cpu".split()
    finetune.main([*settings, "--output", str(tmp_path / "whole")])

    command = [sys.executable, "train/finetune.py", *settings, "--output", str(tmp_path / "killed")]
    state = tmp_path / "killed" / "checkpoint" / "state.pt"
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as process:
        while not state.exists():
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)  # into the second epoch
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "killed" / "model").exists()

    with pytest.raises(InputError, match="continue it with --resume"):
        finetune.main([*settings, "--output", str(tmp_path / "killed")])
    with pytest.raises(InputError, match="written with seed 0, not 1"):
        finetune.main([*settings, "--output", str(tmp_path / "killed"), "--resume", "--seed", "1"])
    finetune.main([*settings, "--output", str(tmp_path / "killed"), "--resume"])

    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    evaluations = [(tmp_path / name / "model" / "evaluation.json").read_text() for name in ("whole", "killed")]
    assert evaluations[0].replace('"whole"', '"killed"') == evaluations[1]
    assert os.listdir(state.parent) == ["state.pt"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_told_to_stop_saves_its_next_step_and_goes_on_from_there(dataset_folder, tmp_path, number):
    settings = f"--dataset {dataset_folder} --epochs 3 --batch-size 4 --validation-share 0.2 --device cpu".split()
    settings += ["--recipe", "compact"]
    finetune.main([*settings, "--output", str(tmp_path / "whole")])

    command = [sys.executable, "train/finetune.py", *settings, "--output", str(tmp_path / "stopped")]
    state = tmp_path / "stopped" / "checkpoint" / "state.pt"
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        while not state.exists():
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)  # into the second epoch
        process.send_signal(number)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.strip().endswith("stopped; the same command with --resume continues here.")
    saved = torch.load(state, weights_only=True)["state"]["epoch"]
    assert saved["number"] == 2
    assert saved["step"] > 0
    finetune.main([*settings, "--output", str(tmp_path / "stopped"), "--resume"])

    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    histories = [json.loads((tmp_path / name / "history.json").read_text()) for name in ("whole", "stopped")]
    for first, second in zip(*histories, strict=True):
        assert first | {"seconds": 0} == second | {"seconds": 0}


@pytest.mark.slow
def test_averages_and_warm_up_resume_exactly_too(dataset_folder, tmp_path, monkeypatch):
    settings = f"--recipe compact --dataset {dataset_folder} --epochs 3 --max-train-images 100 --batch-size 32".split()
    settings += ["--validation-share", "0.2", "--device", "cpu"]
    finetune.main([*settings, "--output", str(tmp_path / "whole")])

    save = Checkpoint.save

    def save_and_stop(checkpoint, state):
        save(checkpoint, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(Checkpoint, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            finetune.main([*settings, "--output", str(tmp_path / "stopped")])
    finetune.main([*settings, "--output", str(tmp_path / "stopped"), "--resume"])

    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    rates = [epoch["learning_rate"] for epoch in json.loads((tmp_path / "stopped" / "history.json").read_text())]
    assert rates == sorted(rates, reverse=True)
