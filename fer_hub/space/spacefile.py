"""Spacefile: the one description of the Space, as strict YAML."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from huggingface_hub import SpaceHardware
from pydantic import BaseModel, Field, ValidationError, field_validator

from fer_hub.errors import InputError, first_problem
from fer_hub.files import CONFIG_FILE, EVALUATION_FILE, WEIGHTS_FILE

MODELS_VARIABLE = "FER_HUB_MODELS"
"""Environment variable that tells the demo which models to offer beside the bundled ones."""

Colour = Literal["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]
Name = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Pinned = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*@[0-9a-f]{40}$")]
_PRELOADED = (CONFIG_FILE, EVALUATION_FILE, WEIGHTS_FILE)
_FRONT_MATTER = (
    *("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file"),
    *("short_description", "license", "tags"),
)


class Spacefile(BaseModel, frozen=True, extra="forbid", strict=True):
    """What each key means stands in the comments of the Spacefile."""

    id: str = Field(pattern=r"^([A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*$", max_length=96)
    title: str
    emoji: str
    colorFrom: Colour
    colorTo: Colour
    short_description: str = Field(max_length=60)
    license: str
    tags: list[str]
    sdk: Literal["gradio"]
    sdk_version: str
    python_version: str
    app_file: str
    hardware: str
    files: list[str] = Field(min_length=1)
    requirements: list[str] = []
    models: list[Pinned] = []
    variables: dict[Name, str] = {}
    secrets: list[Name] = []

    @field_validator("hardware")
    @classmethod
    def _is_offered(cls, hardware: str) -> str:
        known = [str(flavour.value) for flavour in SpaceHardware]
        if hardware not in known:
            raise ValueError(f"{hardware!r} is not offered; choose one of {', '.join(known)}")
        return hardware

    @field_validator("files")
    @classmethod
    def _stay_inside(cls, files: list[str]) -> list[str]:
        for path in files:
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise ValueError(f"{path!r} leaves the folder of the Spacefile")
        return files

    def front_matter(self) -> dict[str, Any]:
        """The block at the top of the Space's README.md."""
        block = {name: getattr(self, name) for name in _FRONT_MATTER} | {"suggested_hardware": self.hardware}
        if self.models:
            pairs = [model.split("@") for model in self.models]
            block["models"] = [repository for repository, _ in pairs]
            block["preload_from_hub"] = [f"{name} {','.join(_PRELOADED)} {commit}" for name, commit in pairs]
        return block

    def all_variables(self) -> dict[str, str]:
        """The variables, with the one that tells the demo of the models."""
        return {**self.variables, **({MODELS_VARIABLE: " ".join(self.models)} if self.models else {})}


class _StrictLoader(yaml.SafeLoader):
    """YAML without repeated keys, of which PyYAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"repeated key: {', '.join(sorted(repeated))}")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def read_spacefile(path: Path) -> Spacefile:
    """Read a Spacefile. Raises InputError that names the first key that cannot be used."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
        return Spacefile.model_validate(values)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}; run this beside the Spacefile, or give --spacefile."
        ) from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not the YAML of a Spacefile: {' '.join(str(error).split())}.") from None
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}.") from None


def with_front_matter(readme: str, space: Spacefile) -> str:
    """A README with the block at its top written from the Spacefile."""
    body = re.sub(r"\A---\n.*?\n---\n", "", readme, count=1, flags=re.DOTALL)
    block = yaml.safe_dump(space.front_matter(), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{block}---\n{body}"


def files_to_upload(space: Spacefile, root: Path) -> dict[str, bytes]:
    """Path in the Space -> content: the files as they lie under `root`, README.md and requirements.txt completed."""
    content: dict[str, bytes] = {}
    for listed in space.files:
        start = root / listed
        if not start.exists():
            raise InputError(f"the Spacefile lists {listed!r}, which is not in {root.resolve()}.")
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = path.relative_to(root)
            private = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if path.is_file() and not path.is_symlink() and not private and path.suffix != ".pyi":
                content[name.as_posix()] = path.read_bytes()
    for needed in (space.app_file, "README.md", "requirements.txt"):
        if needed not in content:
            raise InputError(f"the Spacefile must list {needed!r} among its files.")
    content["README.md"] = with_front_matter(content["README.md"].decode(), space).encode()
    further = "".join(f"{line}\n" for line in space.requirements)
    content["requirements.txt"] = content["requirements.txt"].rstrip(b"\n") + b"\n" + further.encode()
    return content
