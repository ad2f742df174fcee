"""Where a command computes: one device, or with `accelerate launch` and `torchrun` several."""

import os
import sys

import torch
from accelerate import Accelerator

from fer_hub.errors import InputError
from train.config import FinetuneConfig


def start_accelerator(config: FinetuneConfig) -> Accelerator:
    """Join the processes of a run, if there are several, on the configuration's device. Only the first one speaks."""
    device = pick_device(config.device)
    if device.index is not None and device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        accelerator = Accelerator(cpu=device.type == "cpu", mixed_precision=config.mixed_precision)
    except ValueError as error:
        raise InputError(f"--mixed-precision {config.mixed_precision} does not work on {device} ({error}).") from None
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
