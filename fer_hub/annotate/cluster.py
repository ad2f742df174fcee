"""Parts -> part files, by the machines of a Ray cluster (https://docs.ray.io): `pip install fer-hub[cluster]`.

Ray Data hands parts to actors that hold the networks, makes more of them where the cluster has room, and gives the
parts of a machine that is lost to another. Each machine needs the same FER Hub, and the collection under the same
paths; the part files are written here alone.
"""

import logging
import os
import pickle
import re
import socket
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import fer_hub
from fer_hub.annotate.annotator import Annotator
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.work import Part
from fer_hub.errors import FerHubError, InputError, first_line
from fer_hub.files import replace_file
from fer_hub.versions import ANNOTATING, versions

GPU_SHARE = 0.25
"""Of a GPU for each actor: one alone would wait for its photos to be decoded most of the time."""

WAVE = 10_000
"""Parts that are known to Ray at once: a million photos."""


def annotate_on_ray(
    parts: Iterable[Part], folder: Path, settings: Settings, address: str, done: Callable[[int], object]
) -> None:
    """Write all parts into a folder, by the cluster at this address; `local` makes one of this machine. `done` is told
    how many pictures each has.

    Raises InputError where Ray is not installed or the cluster cannot be reached, FerHubError where it fails.
    """
    ray = _connected(address)
    coming = iter(parts)
    resources = {"num_gpus": GPU_SHARE} if settings.device == "cuda" else {"num_cpus": 1}
    try:
        while wave := [{"file": part.file, "part": pickle.dumps(part)} for part in islice(coming, WAVE)]:
            rows = ray.data.from_items(wave, override_num_blocks=len(wave)).map_batches(
                _Actor,
                fn_constructor_args=(settings,),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1),
                **resources,
            )
            for row in rows.iter_rows():
                replace_file(folder / row["file"], row["rows"])
                done(int(row["looks"]))
    except ray.exceptions.RayError as error:
        raise FerHubError(
            f"the cluster failed: {first_line(error)}; give the same command again to go on where it stopped."
        ) from None
    finally:
        ray.shutdown()


def device_of(address: str) -> str:
    """`cuda` where the cluster has GPUs, else `cpu`."""
    return "cuda" if _connected(address).cluster_resources().get("GPU") else "cpu"


class _Actor:
    """Does parts, one after the other."""

    def __init__(self, settings: Settings) -> None:
        here = {"fer-hub": fer_hub.__version__, **versions(ANNOTATING)}
        if here != settings.versions:
            raise FerHubError(f"a machine of the cluster has other versions: {here} instead of {settings.versions}.")
        self.annotator = Annotator(settings)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        parts: list[Part] = [pickle.loads(part) for part in batch["part"]]
        return {
            "file": [part.file for part in parts],
            "looks": [part.looks for part in parts],
            "rows": [self.annotator.file_of(part) for part in parts],
        }


def _connected(address: str) -> ModuleType:
    """The ray module, connected to a cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        import ray.data  # noqa: PLC0415  an extra
        import ray.exceptions  # noqa: PLC0415
    except ImportError:
        raise InputError("--ray needs Ray on each machine: pip install fer-hub[cluster].") from None
    if not ray.is_initialized():
        try:
            if place := re.fullmatch(r"(?:ray://)?([^/]+):(\d{1,5})", address):  # Ray itself asks for ten minutes
                socket.create_connection((place[1].strip("[]"), int(place[2])), timeout=10).close()
            ray.init(address, log_to_driver=False, logging_level=logging.WARNING)
        except (OSError, OverflowError, RuntimeError, ValueError) as error:
            raise InputError(
                f"no Ray cluster answers at {address!r} ({first_line(error)}); give its address."
            ) from None
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
