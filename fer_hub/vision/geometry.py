"""Where the parts of a face sit in a model's training crops.

A crop that is cut differently from the crops a model was trained on costs more accuracy than any
choice of network, so the geometry is measured on the training pictures and travels with the weights.
"""

import math

from pydantic import BaseModel, Field, field_validator

Point = tuple[float, float]


class CropGeometry(BaseModel, frozen=True, extra="forbid", strict=True):
    """The crops a model was trained on: their size and the typical place of five landmarks in them."""

    size: int = Field(ge=16, le=512)
    """Side of the square crop in pixels."""
    landmarks: tuple[Point, Point, Point, Point, Point]
    """XY in pixels of the crop: left eye, right eye, nose, left and right mouth corner, as seen in the picture."""

    @field_validator("landmarks")
    @classmethod
    def _is_a_face(cls, points: tuple[Point, ...]) -> tuple[Point, ...]:
        if not all(math.isfinite(value) and abs(value) <= 1024 for point in points for value in point):
            raise ValueError("landmarks must be finite pixel positions")
        if points[1][0] - points[0][0] < 1:
            raise ValueError("the left eye must be left of the right eye")
        return points


FER2013_GEOMETRY = CropGeometry(
    size=48, landmarks=((14.57, 18.11), (32.75, 17.88), (23.62, 28.37), (16.25, 37.21), (31.45, 36.9))
)
"""FER-2013's crops: medians over 1,836 `train` pictures on which the face detector works (fer_hub/data/geometry.py)."""
