"""Where a command computes: one device, or with `accelerate launch` and `torchrun` several."""

import os
import sys

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from fer_hub.errors import InputError
from fer_hub.training.config import FinetuneConfig


def start_accelerator(config: FinetuneConfig) -> Accelerator:
    """Join the processes of a run, if there are several, on the configuration's device. Only the first one speaks."""
    device = pick_device(config.device)
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
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    return accelerator


def pick_device(name: str) -> torch.device:
    """Turn `--device` into a device that is there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"--device {name!r} cannot be used here ({reason}); try --device cpu.") from None
