"""The private state of a training run, so that a run that was killed continues as if it had not been."""

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from fer_hub.errors import FerHubError, InputError, first_line
from fer_hub.files import new_file

STATE_FILE = "state.pt"


def refuse_nothing(folder: Path) -> None:
    """Raise InputError where a folder holds no state of a run."""
    if not (folder / STATE_FILE).is_file():
        raise InputError(f"there is nothing to resume at {folder / STATE_FILE}; leave out --resume to start.")


class Checkpoint:
    """One file under `DIR/checkpoint/`, written beside and moved into place, that belongs to one configuration."""

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        """`identity` is what a run must share with the checkpoint to continue it: settings and dataset revision."""
        self.path = folder / STATE_FILE
        self.identity = identity

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint; where that fails, for a full disk say, the one before stays."""
        buffer = io.BytesIO()
        torch.save({"identity": self.identity, "state": state}, buffer)
        try:
            with new_file(self.path) as unfinished, unfinished.open("wb") as file:
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FerHubError(
                f"the checkpoint {self.path} cannot be written ({error.strerror}); the one before it is still there, "
                "make room and continue with --resume."
            ) from None

    def load(self) -> dict[str, Any]:
        """Read the state back. Raises InputError where there is none, it is damaged, or from another run."""
        refuse_nothing(self.path.parent)
        try:
            saved = torch.load(self.path, map_location="cpu", weights_only=True)
            identity, state = dict(saved["identity"]), dict(saved["state"])
        except Exception as error:  # torch raises many kinds for a damaged file
            reason = first_line(error)
            raise InputError(f"{self.path} is damaged ({reason}); move it away to start again.") from None
        for name, value in self.identity.items():
            if identity.get(name) != value:
                raise InputError(
                    f"{self.path} was written with {name} {identity.get(name)!r}, not {value!r}; give the same "
                    "settings, or another --output to start anew."
                )
        return state

    def refuse_existing(self) -> None:
        """Raise InputError where a run would overwrite the state of an earlier one."""
        if self.path.exists():
            raise InputError(
                f"{self.path} holds the state of a run; continue it with --resume, choose another --output, or move "
                "it away."
            )

    def delete(self) -> None:
        """Remove the checkpoint, and its folder unless something else lies in it."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.parent.rmdir()
