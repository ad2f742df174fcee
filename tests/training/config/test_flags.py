import shlex
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from pydantic.fields import FieldInfo

from fer_hub import InputError
from fer_hub.hub.references import resolve
from fer_hub.training.config.file import write_config
from fer_hub.training.config.finetune import GROUP_OF, GROUPS, RENAMED, FinetuneConfig
from fer_hub.training.config.flags import command_line, parse_config
from fer_hub.training.config.recipes import RECIPES
from fer_hub.training.run.devices import pick_device


def some_value(field: FieldInfo) -> Any:
    """A value that the field takes and does not have by default."""
    kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if kind is not type(None)]
    for kind in kinds:
        if get_origin(kind) is Literal:
            return get_args(kind)[-1]
    if get_origin(field.annotation) is tuple:
        return ("one", "two")
    return 70 if int in kinds else 0.25 if float in kinds else "TEXT"


@pytest.mark.parametrize(("group", "name"), [(group, name) for name, group in GROUP_OF.items()])
def test_every_field_is_a_flag_with_help_and_a_default(group, name):
    field = GROUPS[group].model_fields[name]
    assert field.description
    if isinstance(field.default, bool):
        value: Any = not field.default
        config = parse_config([f"--{'' if value else 'no-'}{name.replace('_', '-')}"])
    else:
        named = {"architecture": "complex_cnn", "init_from": "simple_cnn"}  # they are looked for at once
        value = named.get(name) or some_value(field)
        texts = map(str, value) if isinstance(value, tuple) else [str(value)]
        config = parse_config([f"--{name.replace('_', '-')}", *texts])
    assert getattr(getattr(config, group), name) == value
    assert config == FinetuneConfig.from_settings({name: value})
    assert config.replace(**{name: field.default}) == FinetuneConfig()


def test_numbers_have_bounds():
    for name, group in GROUP_OF.items():
        field = GROUPS[group].model_fields[name]
        if {int, float} & {field.annotation, *get_args(field.annotation)}:
            assert field.metadata, name


def test_no_two_groups_have_a_field_of_the_same_name():
    assert len(GROUP_OF) == sum(len(form.model_fields) for form in GROUPS.values())
    assert set(RENAMED.values()) <= set(GROUP_OF)
    assert not set(RENAMED) & set(GROUP_OF)


def test_help_reads_in_groups(capsys):
    with pytest.raises(SystemExit) as ended:
        parse_config(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    titles = [line.strip(":") for line in shown.splitlines() if line.strip(":") in GROUPS]
    assert titles == list(GROUPS)
    assert "pictures per step (default: 64, at least 2)" in " ".join(shown.split())
    assert all(f"--{name.replace('_', '-')}" in shown for name in GROUP_OF)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            "--architecture resnet9000",
            r"'resnet9000' \(did you mean resnet50\?\); this version has: simple_cnn, complex_cnn",
        ),
        ("--optimizer lion", "--optimizer is 'lion'; it should be 'adam', 'adamw' or 'sgd'"),
        ("--schedule step", "--schedule is 'step'; it should be 'plateau', 'cosine' or 'onecycle'"),
        ("--choose-by luck", "--metric-for-best is 'luck'; it should be 'accuracy', 'balanced_accuracy'"),
        ("--mixup 0.2 --auxiliary age", "--mixup blends expressions but cannot blend what --auxiliary learns"),
        ("--epochs 0", "--epochs is '0'; it should be greater than or equal to 1"),
        ("--epochs many", "--epochs is 'many'; it should be a valid integer"),
        ("--epochs", "argument --epochs: expected one argument; see train/finetune.py --help"),
        ("--input-size 8", "--input-size is '8'"),
        ("--freeze-epochs -1", "--freeze-epochs is '-1'"),
        ("--backbone-rate 2", "--backbone-rate is '2'; it should be less than or equal to 1"),
        ("--batch-size 1", "--batch-size is '1'; it should be greater than or equal to 2"),
        ("--batch-size -4", "--batch-size is '-4'"),
        ("--learning-rate 0", "--learning-rate is '0'; it should be greater than 0"),
        ("--learning-rate nan", "--learning-rate is 'nan'"),
        ("--dropout 1", "--dropout is '1'"),
        ("--zoom 2", "--zoom is '2'"),
        ("--max-train-images 0", "--max-train-images is '0'"),
        ("--validation-share 0.9", "--validation-share is '0.9'"),
        ("--recipe best", r"--recipe: invalid choice: 'best' \(choose from 'report', 'compact', 'transfer'\)"),
        ("--epochz 3", r"there is no flag --epochz \(did you mean --epochs\?\)"),
        ("--lr=0.1", "there is no flag --lr"),
        ("--ema-deacy 0.9", r"there is no flag --ema-deacy \(did you mean --ema-decay\?\)"),
        ("--learning_rate 0.1", r"there is no flag --learning_rate \(did you mean --learning-rate\?\)"),
        ("compact", "'compact' is one argument too many"),
    ],
)
def test_values_and_flags_that_cannot_work_are_quoted_in_one_line(flags, message):
    with pytest.raises(InputError, match=message) as refused:
        parse_config(flags.split())
    assert "\n" not in str(refused.value)


def test_a_file_of_settings_is_read_again_and_flags_override_it(tmp_path):
    flags = ["--recipe", "compact", "--teacher", "a", "b", "--dropout", "0.1", "--seed", "3"]
    config = parse_config([*flags, "--output", "elsewhere", "--push"])
    write_config(tmp_path, config)
    file = ["--config", str(tmp_path / "config.yaml")]
    assert parse_config(file) == config.replace(output="", push=None)
    assert parse_config([*file, "--epochs", "9"]) == config.replace(output="", push=None, epochs=9)
    assert parse_config([*file, "--recipe", "transfer"]).network.architecture == "resnet18"


def test_a_run_that_goes_on_has_the_settings_it_was_begun_with(tmp_path):
    config = parse_config(["--recipe", "compact", "--epochs", "9", "--output", str(tmp_path)])
    write_config(tmp_path, config)
    assert parse_config(["--output", str(tmp_path), "--resume"]) == config.replace(resume=True)
    more = ["--output", str(tmp_path), "--resume", "--epochs", "12"]
    assert parse_config(more) == config.replace(resume=True, epochs=12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimisation: {epochs: 0}", "--epochs is 0; it should be greater than or equal to 1"),
        ("optimisation: {epoch: 3}", r"epoch is no setting of a training run \(did you mean epochs\?\)"),
        ("optimization: {epochs: 3}", r"has a group optimization \(did you mean optimisation\?\)"),
        ("epochs: 3", "has a group epochs"),
        ("optimisation: 3", "holds no settings under optimisation"),
        ("[1, 2]", "holds no settings; expected groups of them: data, network"),
        ("optimisation: {epochs: 3", "cannot be read as YAML"),
        ("optimisation: !!python/object/apply:os.system [id]", "cannot be read as YAML"),
        ("targets: {teacher: [[a]]}", "--teacher: input should be a valid string"),
    ],
)
def test_files_that_hold_no_settings_are_refused(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        parse_config(["--config", str(tmp_path / "config.yaml")])
    with pytest.raises(InputError, match="cannot be read"):
        parse_config(["--config", str(tmp_path / "missing.yaml")])


def test_a_command_line_gives_the_configuration_again():
    flags = [
        "--no-flip",
        "--teacher",
        "a",
        "b",
        "--batch-size",
        "7",
        "--output",
        "'my",
        "runs/x'",
        "--dropout",
        "0.5",
        "--tta-flip",
    ]
    config = parse_config(shlex.split(" ".join(flags)))
    line = command_line(config)
    assert parse_config(shlex.split(line)[2:]) == config
    assert "--epochs" not in line
    assert command_line(parse_config(["--mirror"])) == "python train/finetune.py --tta-flip"


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_are_settings_that_flags_override(recipe):
    settings = parse_config(["--recipe", recipe, "--epochs", "7"]).settings()
    for name, value in RECIPES[recipe].items():
        assert settings[name] == (7 if name == "epochs" else value)


def test_recipes_are_listed_with_what_was_measured(capsys):
    with pytest.raises(SystemExit) as ended:
        parse_config(["--recipes"])
    assert ended.value.code == 0
    paragraphs = dict(text.split(":", 1) for text in capsys.readouterr().out.split("\n\n"))
    assert set(paragraphs) == set(RECIPES)
    assert f"{resolve('fer2013-compact').evaluation.accuracy:.1%} on validation" in paragraphs["compact"]
    assert "--learning-rate 0.1" in paragraphs["compact"]
    assert "not measured" in paragraphs["transfer"]


def test_what_is_pushed_is_named_after_what_makes_it():
    assert parse_config([]).run.push is None
    assert parse_config(["--push"]).run.push == "report"
    assert parse_config(["--recipe", "compact", "--push"]).run.push == "compact"
    assert parse_config(["--push", "--architecture", "complex_cnn"]).run.push == "complex_cnn"
    assert parse_config(["--push", "me/mine", "--public"]).run.public
    assert not parse_config(["--push", "me/mine", "--private"]).run.public
    assert parse_config(["--track"]).run.track == "trackio"


def test_old_flags_still_work_and_are_not_shown(capsys):
    old = "--averaging 0.9 --accumulation 2 --gradient-clip 1 --mirror --choose-by loss --occlusion 0.5 --start-size 32"
    new = (
        "--ema-decay 0.9 --gradient-accumulation-steps 2 --max-grad-norm 1 --tta-flip --metric-for-best loss "
        "--random-erasing 0.5 --progressive-start-size 32"
    )
    assert parse_config(old.split()) == parse_config(new.split()) != parse_config([])
    assert parse_config(["--recipe", "compact", "--no-mirror"]).network.tta_flip is False
    with pytest.raises(SystemExit):
        parse_config(["--help"])
    shown = capsys.readouterr().out
    assert all(flag not in shown for flag in old.split() if flag.startswith("--"))
    assert all(flag in shown for flag in new.split() if flag.startswith("--"))


def test_output_is_named_after_the_architecture():
    assert str(FinetuneConfig.from_settings({"architecture": "complex_cnn"}).output_folder) == "runs/complex_cnn"


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu9", "cuda:99"):
        with pytest.raises(InputError, match=f"--device '{name}' cannot be used here"):
            pick_device(name)
