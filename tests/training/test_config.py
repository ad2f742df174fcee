from dataclasses import asdict

import pytest
import torch

from fer_hub import InputError
from fer_hub.hub.references import read_evaluation
from fer_hub.training.config import CHOICES, FinetuneConfig, parse_config
from fer_hub.training.devices import pick_device
from fer_hub.training.recipes import RECIPES


def test_every_field_is_a_flag():
    values = {int: "70", float: "0.25", str: "text"}
    kinds = {
        "dropout": float,
        "max_grad_norm": float,
        "max_train_images": int,
        "input_size": int,
        "progressive_start_size": int,
    }
    kinds |= {"image_column": str, "label_column": str, "init_from": str, "push": str, "preview_augmentation": str}
    for name, default in asdict(FinetuneConfig()).items():
        if name == "architecture" or name in CHOICES or isinstance(default, bool):
            continue
        if isinstance(default, tuple):
            assert getattr(parse_config([f"--{name.replace('_', '-')}", "one", "two"]), name) == ("one", "two")
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
        ("--architecture resnet9000", "'resnet9000'; this version has: simple_cnn, complex_cnn"),
        ("--optimizer lion", "'lion' is unknown; choose one of: adam, adamw, sgd"),
        ("--schedule step", "'step' is unknown; choose one of: plateau, cosine"),
        ("--metric-for-best luck", "--metric-for-best 'luck' is unknown; choose one of: accuracy, balanced_accuracy"),
        ("--mixup 0.2 --auxiliary age", "--mixup blends expressions but cannot blend --auxiliary labels"),
        ("--epochs 0", "--epochs is 0"),
        ("--input-size 8", "--input-size is 8"),
        ("--freeze-epochs -1", "--freeze-epochs is -1"),
        ("--backbone-rate 2", "--backbone-rate is 2.0"),
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


def test_recipes_are_listed_with_what_was_measured(capsys):
    with pytest.raises(SystemExit) as ended:
        parse_config(["--recipes"])
    assert ended.value.code == 0
    paragraphs = dict(text.split(":", 1) for text in capsys.readouterr().out.split("\n\n"))
    assert set(paragraphs) == set(RECIPES)
    assert f"{read_evaluation('fer-compact').accuracy:.1%} on validation" in paragraphs["compact"]
    assert "--learning-rate 0.1" in paragraphs["compact"]
    assert "not measured" in paragraphs["transfer"]


def test_what_is_pushed_is_named_after_what_makes_it():
    assert parse_config([]).push is None
    assert parse_config(["--push"]).push == "report"
    assert parse_config(["--recipe", "compact", "--push"]).push == "compact"
    assert parse_config(["--push", "--architecture", "complex_cnn"]).push == "complex_cnn"
    assert parse_config(["--push", "me/mine", "--private"]).private


def test_old_flags_still_work_and_are_not_shown(capsys):
    old = "--averaging 0.9 --accumulation 2 --gradient-clip 1 --mirror --choose-by loss --occlusion 0.5 --start-size 32"
    new = (
        "--ema-decay 0.9 --gradient-accumulation-steps 2 --max-grad-norm 1 --tta-flip --metric-for-best loss "
        "--random-erasing 0.5 --progressive-start-size 32"
    )
    assert parse_config(old.split()) == parse_config(new.split()) != parse_config([])
    assert parse_config(["--recipe", "compact", "--no-mirror"]).tta_flip is False
    with pytest.raises(SystemExit):
        parse_config(["--help"])
    shown = capsys.readouterr().out
    assert all(flag not in shown for flag in old.split() if flag.startswith("--"))
    assert all(flag in shown for flag in new.split() if flag.startswith("--"))


def test_output_is_named_after_the_architecture():
    assert str(FinetuneConfig(architecture="complex_cnn").output_folder) == "runs/complex_cnn"


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu9", "cuda:99"):
        with pytest.raises(InputError, match=f"--device '{name}' cannot be used here"):
            pick_device(name)
