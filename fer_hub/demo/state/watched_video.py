"""A video that a visitor gave, and what every person's face showed in it."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fer_hub.errors import InputError
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import Timeline
from fer_hub.video.writer import annotated

SHOWN_SIDE = 960
"""Longest side, in pixels, of a frame that is shown."""


@dataclass(frozen=True)
class WatchedVideo:
    """A video that was read to its end; the file itself is gone after some minutes."""

    path: str
    timeline: Timeline
    summary: str

    def picture(self, time: float) -> Image.Image:
        """The frame at a time in seconds, with boxes."""
        if not Path(self.path).is_file():
            raise InputError("the video has been deleted meanwhile; upload it again.")
        file = VideoFile(self.path)
        picture = file.frame_at(time, SHOWN_SIDE)
        return Image.fromarray(annotated(picture, self.timeline.at(time), file.size[0]))
