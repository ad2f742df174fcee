"""Follows people from frame to frame by where they are, and steadies what their faces show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torchvision.ops import box_iou

from fer_hub.recognizer import FaceExpression, is_close

_BUFFER = 0.3
"""Of its width and height, added to a box on either side before boxes are compared: faces can move by a face's width
from one look to the next."""


@dataclass(frozen=True)
class TrackedFace:
    """A person's face at one moment."""

    person: int
    """The same number while a person is followed; from 1. Whoever was lost and comes back gets a new one."""
    box: tuple[float, float, float, float]
    """XYXY pixels inside the frame."""
    probabilities: dict[str, float]
    """Expression -> probability, smoothed over time; they sum to 1."""

    @property
    def expression(self) -> str:
        """The most probable expression."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def is_close(self) -> bool:
        """Whether the two most probable expressions are too close to rely on the first."""
        return is_close(self.probabilities)


@dataclass
class _Track:
    time: float
    sighting: TrackedFace
    missed: int = 0
    """Looks since it was seen."""


class Tracker:
    """Tells people apart by the overlap of their boxes alone: nobody is recognised by their looks.

    The assignment that overlaps most in all, as in SORT (Bewley et al., ICIP 2016); boxes are enlarged first, in place
    of a model of motion (C-BIoU, Yang et al., WACV 2023).
    """

    def __init__(self, min_overlap: float = 0.25, max_gap: float = 1.0, time_constant: float = 0.4) -> None:
        """Set how people are followed.

        Args:
            min_overlap: intersection over union, 0-1, of the enlarged boxes of a face and of the person's last one.
            max_gap: seconds a person can be out of sight and keep the number; one look may miss them, however rare
                looks are.
            time_constant: seconds after which a new expression has reached 63% of the smoothed probabilities.
        """
        self.min_overlap, self.max_gap, self.time_constant = min_overlap, max_gap, time_constant
        self._tracks: list[_Track] = []
        self._people = 0

    def update(self, time: float, faces: Sequence[FaceExpression]) -> list[TrackedFace]:
        """Say who the faces of the next frame are, in the order given; `time` in seconds, never going back."""
        self._tracks = [track for track in self._tracks if time - track.time <= self.max_gap or track.missed < 2]
        known = self._assign(faces)
        for track in self._tracks:
            track.missed += 1
        sightings = []
        for number, face in enumerate(faces):
            if number not in known:
                self._people += 1
                track = _Track(time, TrackedFace(self._people, face.box, face.probabilities))
                self._tracks.append(track)
            else:
                track = known[number]
                smoothed = self._smooth(track, time, face.probabilities)
                track.time, track.missed = time, 0
                track.sighting = TrackedFace(track.sighting.person, face.box, smoothed)
            sightings.append(track.sighting)
        return sightings

    def follows(self, person: int) -> bool:
        """Whether a person who is seen again would keep this number."""
        return any(track.sighting.person == person for track in self._tracks)

    def _assign(self, faces: Sequence[FaceExpression]) -> dict[int, _Track]:
        """Index of a face -> the track it continues."""
        if not faces or not self._tracks:
            return {}
        boxes, last = _enlarged([face.box for face in faces]), _enlarged([t.sighting.box for t in self._tracks])
        overlap = box_iou(boxes, last).nan_to_num().numpy()  # boxes without area share nothing
        overlap[overlap < self.min_overlap] = 0  # or such a pair could take the place of a real one
        pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
        return {int(face): self._tracks[track] for face, track in pairs if overlap[face, track] > 0}

    def _smooth(self, track: _Track, time: float, probabilities: dict[str, float]) -> dict[str, float]:
        kept = math.exp(-(time - track.time) / self.time_constant)
        old = track.sighting.probabilities
        return {label: kept * old[label] + (1 - kept) * value for label, value in probabilities.items()}


def _enlarged(boxes: list[tuple[float, float, float, float]]) -> torch.Tensor:
    corners = torch.tensor(boxes, dtype=torch.float64)
    margin = _BUFFER * (corners[:, 2:] - corners[:, :2])
    return torch.cat([corners[:, :2] - margin, corners[:, 2:] + margin], dim=1)
