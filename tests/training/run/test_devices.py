"""Other ways to compute: in pieces, in half precision, in several processes."""

import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import REPOSITORY
from tests.train.test_finetune import QUICK
from train import finetune


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["--gradient-accumulation-steps 3", "--mixed-precision bf16"])
def test_other_ways_to_compute_come_close_to_the_same_weights(dataset_folder, tmp_path, flags):
    plain = f"--dataset {dataset_folder} {QUICK} --dropout 0 --output"
    finetune.main([*plain.split(), str(tmp_path / "plain")])
    command = [sys.executable, "train/finetune.py", *plain.split(), str(tmp_path / "other"), *flags.split()]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    plain_loss, other_loss = (
        json.loads((tmp_path / name / "history.json").read_text())[0]["loss"] for name in ("plain", "other")
    )
    assert other_loss == pytest.approx(plain_loss, abs=0.02)


@pytest.mark.slow
def test_half_precision_that_a_device_lacks_is_refused(dataset_folder, tmp_path):
    command = [sys.executable, "train/finetune.py", "--dataset", str(dataset_folder), "--device", "cpu"]
    result = subprocess.run(
        [*command, "--mixed-precision", "fp16", "--output", str(tmp_path / "m")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "--mixed-precision fp16 does not work on cpu" in result.stderr


@pytest.mark.slow
def test_two_processes_train_as_one_does(dataset_folder, tmp_path):
    same = "--no-flip --rotation 0 --shear 0 --zoom 0 --dropout 0 --epochs 2 --batch-size 16"
    plain = f"--dataset {dataset_folder} {QUICK} {same} --output"
    finetune.main([*plain.split(), str(tmp_path / "one")])
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29511"]
    subprocess.run(
        [*command, "train/finetune.py", *plain.split(), str(tmp_path / "two")],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    one, two = (json.loads((tmp_path / name / "history.json").read_text()) for name in ("one", "two"))
    for first, second in zip(one, two, strict=True):
        for name in ("loss", "validation_loss", "accuracy", "validation_accuracy"):
            assert second[name] == pytest.approx(first[name], abs=0.01)
    reports = [json.loads((tmp_path / name / "model" / "evaluation.json").read_text()) for name in ("one", "two")]
    assert [report["images"] for report in reports] == [70, 70]
    weights = [load_file(tmp_path / name / "model" / "model.safetensors") for name in ("one", "two")]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=0.01) for name in weights[0])
