"""Reading the files of a stranger's model folder, and refusing what no such model holds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open

from fer_hub.errors import InputError, first_line, first_problem
from fer_hub.files import CONFIG_FILE, WEIGHTS_FILE, model_file

if TYPE_CHECKING:  # a list of models reads configurations without it
    from torch import Tensor, nn

Form = TypeVar("Form", bound=BaseModel)
Triple = tuple[float, float, float]

_MAX_INTEGER = 16_384
_MAX_LAYERS = 200
_MAX_VALUES = 64


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON object of a model folder."""
    path = model_file(folder, name)
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a model configuration: {error}.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} is not a model configuration: expected an object.")
    return values


def read_as(form: type[Form], values: Any, source: Path) -> Form:
    """Check values against a form; `source` names their file in the error."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{source} cannot be used: {first_problem(error)}.") from None


def read_weights(folder: Path) -> "dict[str, Tensor]":
    """Read the tensors of a folder's one safetensors file; they are finite."""
    if not (folder / WEIGHTS_FILE).exists():
        raise InputError(f"{folder} has no {WEIGHTS_FILE}; weights in other forms (pickles, shards) are not read.")
    return read_tensors(model_file(folder, WEIGHTS_FILE))


def read_tensors(path: Path) -> "dict[str, Tensor]":
    """Read a safetensors file; all its numbers are finite. Raises InputError."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as safetensors: {error}.") from None
    if not all(tensor.float().isfinite().all() for tensor in tensors.values()):
        raise InputError(f"{path} holds weights that are not finite numbers.")
    return tensors


def check_sizes(settings: Any, folder: Path, name: str = "") -> None:
    """Refuse numbers that no such model has, before anything is built from them."""
    if isinstance(settings, dict | list):
        if len(settings) > _MAX_VALUES:
            raise InputError(f"{folder / CONFIG_FILE} holds too much: {name} has {len(settings)} values.")
        items = settings.items() if isinstance(settings, dict) else ((name, value) for value in settings)
        for key, value in items:
            check_sizes(value, folder, key)
    elif isinstance(settings, int):
        least = 4 if name == "patch_size" else -1
        most = _MAX_LAYERS if "layer" in name or "depth" in name else _MAX_INTEGER
        if not least <= settings <= most:
            raise InputError(
                f"{folder / CONFIG_FILE} cannot be used: {name} is {settings}; at most {most} is expected."
            )


def check_total(network: "nn.Module", tensors: "dict[str, Tensor]", folder: Path) -> None:
    """Refuse a network that is larger than its weights; on the meta device, where it takes no memory yet."""
    described = sum(tensor.numel() for tensor in network.state_dict().values())
    held = sum(tensor.numel() for tensor in tensors.values())
    if described > held:
        raise InputError(f"{folder} does not fit its configuration: {held:,} weights, expected {described:,}.")


@contextmanager
def refused(folder: Path) -> Iterator[None]:
    """Whatever a library raises over a stranger's folder, said in one sentence."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # they raise many kinds; each means that this folder is not sound
        raise InputError(f"{folder} cannot be loaded: {first_line(error)[:200]}.") from None
