"""Ctrl-C and SIGTERM end a run at its next step, so that nothing of it is lost."""

import signal
import threading
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGREE_EVERY = 10


class GracefulShutdown:
    """While it is entered, the first signal is noted, and a second one stops at once."""

    def __init__(self, accelerator: Accelerator) -> None:
        self.noted = False
        self._accelerator = accelerator
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "GracefulShutdown":
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
        self._accelerator.print("\nStopping after this step; once more stops at once and loses the epoch so far.")
