"""A process that is ended by one photo, as a decoder with a fault would end it."""

import os
from pathlib import Path

from fer_hub.annotate import local
from fer_hub.annotate.sources.items import Unreadable
from fer_hub.annotate.work import Part

write = local._write


def write_or_die(part: Part, folder: Path) -> None:
    """As `local._write`, unless the part holds a photo that is named so."""
    for item in part.items:
        if "deadly" in item.source and not isinstance(item.place, Unreadable):
            os._exit(11)
    write(part, folder)
