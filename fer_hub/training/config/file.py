"""config.yaml: the settings of a run, which every run writes into its output folder and `--config` reads again."""

from pathlib import Path
from typing import Any

import yaml

from fer_hub.arguments import nearest
from fer_hub.errors import InputError, first_line, plain
from fer_hub.files import replace_file
from fer_hub.training.config.finetune import GROUPS, FinetuneConfig

RUN_FILE = "config.yaml"
_MAX_BYTES = 1 << 20
_OF_ONE_CALL = ("output", "resume", "push", "public", "dry_run", "preview_augmentation")
"""What a command asks for that is no setting of the run."""


def write_config(folder: Path, config: FinetuneConfig) -> None:
    """Write all settings, by group, into an output folder."""
    values = config.model_dump(mode="json", exclude={"run": set(_OF_ONE_CALL)})
    replace_file(folder / RUN_FILE, yaml.safe_dump(values, sort_keys=False, allow_unicode=True).encode())


def read_config(file: Path) -> dict[str, Any]:
    """Settings of a file, by their fields' names. Raises InputError where it is not such a file.

    The values are checked when the configuration is built from them.
    """
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InputError(f"{file} is too large for settings: at most {_MAX_BYTES >> 20} MB are expected.")
        groups = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{file} cannot be read as YAML: {first_line(error)}.") from None
    if not isinstance(groups, dict):
        raise InputError(f"{file} holds no settings; expected groups of them: {', '.join(GROUPS)}.")
    settings: dict[str, Any] = {}
    for group, values in groups.items():
        if group not in GROUPS:
            raise InputError(
                f"{file} has a group {plain(str(group))}{nearest(str(group), GROUPS)}; expected {', '.join(GROUPS)}."
            )
        if not isinstance(values, dict):
            raise InputError(f"{file} holds no settings under {group}; expected lines of `name: value`.")
        settings |= {str(name): value for name, value in values.items()}
    return settings
