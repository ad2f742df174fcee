from dataclasses import asdict

import pytest
import torch

from fer_hub import InputError
from train.config import FinetuneConfig, parse_config, pick_device
from train.recipes import RECIPES


def test_every_field_is_a_flag():
    values = {int: "7", float: "0.25", str: "text"}
    kinds = {"dropout": float, "gradient_clip": float, "max_train_images": int}
    kinds |= {"image_column": str, "label_column": str, "push": str}
    for name, default in asdict(FinetuneConfig()).items():
        if name in ("architecture", "optimizer", "schedule") or isinstance(default, bool):
            continue
        kind = kinds.get(name, type(default))
        config = parse_config([f"--{name.replace('_', '-')}", values[kind]])
        assert getattr(config, name) == kind(values[kind])
    assert parse_config(["--no-flip"]).flip is False
    assert parse_config(["--architecture", "complex_cnn"]).architecture == "complex_cnn"
    assert asdict(parse_config([])) == asdict(FinetuneConfig())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--architecture resnet9000", "'resnet9000' is unknown; choose one of: simple_cnn, complex_cnn"),
        ("--optimizer lion", "'lion' is unknown; choose one of: adam, sgd"),
        ("--schedule step", "'step' is unknown; choose one of: plateau, cosine"),
        ("--epochs 0", "--epochs is 0"),
        ("--batch-size -4", "--batch-size is -4"),
        ("--learning-rate 0", "--learning-rate is 0.0"),
        ("--dropout 1", "--dropout is 1.0"),
        ("--zoom 2", "--zoom is 2.0"),
        ("--max-train-images 0", "--max-train-images is 0"),
        ("--validation-share 0.9", "--validation-share is 0.9"),
    ],
)
def test_values_that_cannot_work_are_quoted(flags, message):
    with pytest.raises(InputError, match=message):
        parse_config(flags.split())


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_are_settings_that_flags_override(recipe):
    config = parse_config(["--recipe", recipe, "--epochs", "7"])
    for name, value in RECIPES[recipe].items():
        assert getattr(config, name) == (7 if name == "epochs" else value)


def test_what_is_pushed_is_named_after_what_makes_it():
    assert parse_config([]).push is None
    assert parse_config(["--push"]).push == "report"
    assert parse_config(["--recipe", "compact", "--push"]).push == "compact"
    assert parse_config(["--push", "--architecture", "complex_cnn"]).push == "complex_cnn"
    assert parse_config(["--push", "me/mine", "--private"]).private


def test_output_is_named_after_the_architecture():
    assert str(FinetuneConfig(architecture="complex_cnn").output_folder) == "runs/complex_cnn"


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu9", "cuda:99"):
        with pytest.raises(InputError, match=f"--device '{name}' cannot be used here"):
            pick_device(name)
