"""Nothing that visitors gave, or that was made from it, stays: whatever lies in the upload folder goes by its age.

Gradio deletes what it noted; an upload that broke off, or a file of a route of its own, it never noted.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from anyio import to_thread
from gradio.utils import get_upload_folder

KEPT_SECONDS = 600
"""Gradio deletes what it noted at this age, and looks twice in that time."""

SWEPT_SECONDS = 960
"""At this age everything goes; looked for every minute, so that all is gone within twenty minutes."""

_EVERY_SECONDS = 60

_log = logging.getLogger(__name__)


def sweep(folder: Path, seconds: float) -> int:
    """Delete every file of a folder that is older, and folders that are empty by then; the number of files deleted."""
    oldest, deleted = time.time() - seconds, 0
    for place, folders, files in os.walk(folder, topdown=False):
        for path in (Path(place, name) for name in files):
            with suppress(FileNotFoundError):
                found = path.lstat()
                if max(found.st_mtime, found.st_ctime) < oldest:
                    path.unlink()
                    deleted += 1
        for path in (Path(place, name) for name in folders):
            with suppress(OSError):  # not empty, or gone
                if path.lstat().st_mtime < oldest:
                    path.rmdir()
    return deleted


@asynccontextmanager
async def sweeping(_: Any) -> AsyncIterator[None]:
    """Sweep as long as the server runs; the `lifespan` of its app."""

    async def keep_sweeping() -> None:
        while True:
            try:
                await to_thread.run_sync(sweep, Path(get_upload_folder()), SWEPT_SECONDS)
            except OSError as error:
                _log.warning("old uploads cannot be deleted: %s", error)
            await asyncio.sleep(_EVERY_SECONDS)

    task = asyncio.create_task(keep_sweeping())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
