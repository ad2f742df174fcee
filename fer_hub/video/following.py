"""Where the faces of a film are, frame by frame: searched for now and then, followed in between."""

import numpy as np
import torch
from PIL import Image
from torchvision.ops import box_iou

from fer_hub.vision.detection import Face, FaceDetector

SEARCH_EVERY = 1.0
"""Seconds after which the whole picture is searched again for whoever came in."""

_SEARCH_EVERY_ALONE = 0.2
"""The same while nobody is there, which leaves the time for it."""

_SAME = 0.5
"""Intersection over union from which two boxes are one face."""

_OTHER_SCENE = 24.0
"""Mean difference of two frames, of 255, from which the second shows something else."""

_SKETCH = 32


class FaceFollower:
    """Finds the faces of frames that come in order; remembers where they were, and a sketch of the last frame.

    A whole picture is searched at first, where the scene changes, where somebody was lost, and every second.
    """

    def __init__(self, detector: FaceDetector, search_every: float = SEARCH_EVERY) -> None:
        self.detector, self.search_every = detector, search_every
        self._faces: list[Face] = []
        self._sketch: np.ndarray | None = None
        self._searched = -float("inf")

    def find(self, time: float, picture: np.ndarray) -> list[Face]:
        """The faces of the next frame, largest first; `time` in seconds, never going back.

        Args:
            time: seconds.
            picture: HWC uint8 RGB, 0-255, of one size throughout.
        """
        cut = self._is_other_scene(picture)
        followed = [] if cut else self.detector.refine(picture, self._faces)
        faces = [face for face in followed if face is not None]
        due = self.search_every if self._faces else min(self.search_every, _SEARCH_EVERY_ALONE)
        if cut or len(faces) < len(followed) or time - self._searched >= due - 0.001:
            self._searched = time
            sure = [face for face in faces if face.confidence >= self.detector.confidence]
            faces = self.detector.detect(picture) + sure
        self._faces = sorted(_each_once(faces), key=lambda face: face.area, reverse=True)
        return self._faces

    def _is_other_scene(self, picture: np.ndarray) -> bool:
        stride = max(max(picture.shape) // _SKETCH, 1)
        last, self._sketch = self._sketch, np.asarray(Image.fromarray(picture).reduce(stride), np.int16)
        if last is None or last.shape != self._sketch.shape:
            return True
        return float(np.abs(self._sketch - last).mean()) > _OTHER_SCENE


def _each_once(faces: list[Face]) -> list[Face]:
    """Without those that lie on an earlier one of the list."""
    kept: list[Face] = []
    for face in faces:
        others = torch.tensor([other.box for other in kept]).reshape(-1, 4)
        if not (box_iou(torch.tensor([face.box]), others) > _SAME).any():
            kept.append(face)
    return kept
