"""ZeroGPU, the hardware of free Spaces: a GPU is lent to a function marked with `on_gpu`, for as long as it runs.

Elsewhere the mark does nothing. Naming the faces of a photo takes milliseconds on a CPU, less than a visitor would wait
for a GPU; the mark is for what takes many seconds.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

try:
    import spaces
except ImportError:  # only Spaces have it
    spaces = None

Function = TypeVar("Function", bound=Callable[..., Any])


def on_gpu(function: Function) -> Function:
    """Mark a function that is worth waiting for a GPU."""
    return function if spaces is None else spaces.GPU(function)


@on_gpu
def device() -> str:
    """Name of the device in a marked function. ZeroGPU starts no app without one such function."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
