"""The command line of a training run: flags made from the fields of FinetuneConfig, by group, and back."""

import argparse
import shlex
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from fer_hub.arguments import ArgumentParser
from fer_hub.hub.references import resolve
from fer_hub.training.config.file import RUN_FILE, read_config
from fer_hub.training.config.finetune import GROUP_OF, GROUPS, RENAMED, FinetuneConfig, flag_of
from fer_hub.training.config.recipes import RECIPES, describe_recipes

_NOT_RECORDED = ("resume", "push", "public")
"""What the same run need not be given again."""


def parse_config(arguments: list[str] | None = None) -> FinetuneConfig:
    """Read a FinetuneConfig from the flags of train/finetune.py. Raises InputError in one line."""
    parser = config_parser(
        prog="train/finetune.py",
        description="Train a network to name facial expressions and write it as a model folder.",
        epilog="Example: python train/finetune.py --architecture simple_cnn --dataset my-faces/ --output runs/mine",
    )
    config, _ = read_flags(parser, arguments)
    return config


def config_parser(prog: str, description: str, epilog: str) -> ArgumentParser:
    """A parser of every field of FinetuneConfig, to which a command can add flags of its own."""
    parser = ArgumentParser(
        prog=prog, description=description, epilog=epilog, usage="python %(prog)s [--recipe NAME] [--FLAG VALUE ...]"
    )
    parser.add_argument("--recipe", choices=RECIPES, help="settings to start from; flags override (default: report)")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings to start from, such as the {RUN_FILE} of another run; recipe and flags override",
    )
    parser.add_argument(
        "--recipes",
        action=_ShowRecipes,
        nargs=0,
        default=argparse.SUPPRESS,
        help="list the recipes, what they reach and cost",
    )
    for form in GROUPS.values():
        title, _, description = (form.__doc__ or "").partition(": ")
        group = parser.add_argument_group(title.lower(), description)
        for name, field in form.model_fields.items():
            flag = {"dest": name, "default": argparse.SUPPRESS, **_flag(name, field)}
            group.add_argument(flag_of(name), help=_help(field), **flag)
            for old in (old for old, new in RENAMED.items() if new == name):
                group.add_argument(flag_of(old), help=argparse.SUPPRESS, **flag)
    parser.add_argument("--private", action="store_true", help=argparse.SUPPRESS)  # what is done anyway, since 0.2
    return parser


def read_flags(parser: ArgumentParser, arguments: list[str] | None = None) -> tuple[FinetuneConfig, argparse.Namespace]:
    """Parse flags: the configuration, and what else the parser's command asked for. Raises InputError."""
    options = parser.parse_args(arguments)
    given = {name: value for name, value in vars(options).items() if name in GROUP_OF}
    if given.get("push") == "":
        given["push"] = given.get("architecture", options.recipe or "report")
    given = {**RECIPES[options.recipe or "report"], **given}
    file = options.config
    if file is None and given.get("resume"):  # what the run that goes on was given need not be given again
        begun = FinetuneConfig.from_settings(given).output_folder / RUN_FILE
        file = begun if begun.exists() else None
    settings = {**(read_config(file) if file else {}), **given}
    start = settings.get("init_from")
    is_model = start and not str(start).endswith(".safetensors") and not Path(str(start)).is_file()
    if is_model and "architecture" not in vars(options) and file is None:
        settings["architecture"] = resolve(str(start)).config.architecture
    return FinetuneConfig.from_settings(settings), options


def command_line(config: FinetuneConfig) -> str:
    """The command that gives this configuration again: every setting that is not the default."""
    default, flags = FinetuneConfig().settings(), []
    for name, value in config.settings().items():
        if value == default[name] or name in _NOT_RECORDED:
            continue
        if isinstance(value, bool):
            flags.append(flag_of(name) if value else flag_of(f"no_{name}"))
        else:
            flags += [flag_of(name), *(map(str, value) if isinstance(value, tuple) else [str(value)])]
    return f"python train/finetune.py {shlex.join(flags)}".strip()


class _ShowRecipes(argparse.Action):
    """Prints the recipes and ends, as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(describe_recipes())
        parser.exit()


def _flag(name: str, field: FieldInfo) -> dict[str, Any]:
    """How argparse takes a field's values: as text, which the field itself turns into what it needs."""
    kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if kind is not type(None)]
    if bool in kinds:
        return {"action": argparse.BooleanOptionalAction}
    if get_origin(field.annotation) is tuple:
        return {"nargs": "+"}
    named = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    metavar = f"{{{','.join(named)}}}" if named else "N" if int in kinds else "X" if float in kinds else None
    alone = {"push": "", "track": "trackio"}  # what a flag without a value stands for
    return {"metavar": metavar, **({"nargs": "?", "const": alone[name]} if name in alone else {})}


def _help(field: FieldInfo) -> str:
    bounds = {type(bound): bound for bound in field.metadata}
    low = f"at least {bounds[Ge].ge}" if Ge in bounds else f"above {bounds[Gt].gt}" if Gt in bounds else ""
    high = f"at most {bounds[Le].le:g}" if Le in bounds and bounds[Le].le < 2**32 - 1 else ""
    default = "" if field.default in (None, "", ()) else f"default: {field.default}"
    notes = ", ".join(note for note in (default, low, high) if note)
    return f"{field.description} ({notes})".replace("%", "%%") if notes else f"{field.description}".replace("%", "%%")
