"""Where a run computes: one device, or with `accelerate launch` and `torchrun` several; and how it is told to stop."""

import logging
import signal
import threading
from types import FrameType
from typing import Any, Self

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from fer_hub.errors import InputError, first_line
from fer_hub.logs import LIBRARY
from fer_hub.training.config.groups import OptimisationConfig

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGREE_EVERY = 10


def start_accelerator(name: str, config: OptimisationConfig) -> Accelerator:
    """Join the processes of a run, if there are several, on `--device`. Of all but the first only warnings are shown.

    Raises InputError where the device is not there, or cannot compute in the precision that is asked for.
    """
    device = pick_device(name)
    if device.index is not None and device.type == "cuda":
        torch.cuda.set_device(device)
    if config.mixed_precision == "fp16" and device.type != "cuda":
        raise InputError(f"--mixed-precision fp16 does not work on {device}; give bf16 or no.")
    # A frozen backbone has no gradients for the processes to wait for.
    across = DistributedDataParallelKwargs(find_unused_parameters=config.freeze_epochs > 0)
    accelerator = Accelerator(
        cpu=device.type == "cpu", mixed_precision=config.mixed_precision, kwargs_handlers=[across]
    )
    if not accelerator.is_main_process:
        logging.getLogger(LIBRARY).setLevel(logging.WARNING)
    return accelerator


def pick_device(name: str) -> torch.device:
    """Turn `--device` into a device that is there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:  # lists twenty kinds, of which most people have none
        raise InputError(f"--device {name!r} cannot be used here; give cpu, cuda, mps or auto.") from None
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        reason = first_line(error)
        raise InputError(f"--device {name!r} cannot be used here ({reason}); try --device cpu.") from None


class GracefulShutdown:
    """Ctrl-C and SIGTERM end a run at its next step, so that nothing of it is lost; a second one stops it at once."""

    def __init__(self, accelerator: Accelerator) -> None:
        self.noted = False
        self._accelerator = accelerator
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # Python takes signals nowhere else
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def after(self, step: int) -> bool:
        """Whether the run is to stop after this step; several processes agree on it every tenth step."""
        if self._accelerator.num_processes == 1:
            return self.noted
        if step % _AGREE_EVERY:
            return False
        noted = torch.tensor(float(self.noted), device=self._accelerator.device)
        return bool(self._accelerator.reduce(noted, "sum") > 0)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True
        logger.info("Stopping after this step; once more stops at once and loses the epoch so far.")
