"""Looks at one video -> who is who, as the demo follows people, whatever parts the looks came in."""

from typing import Any

import numpy as np
import pyarrow as pa

from fer_hub.recognizer import FaceExpression
from fer_hub.video.glimpses import without_glimpses
from fer_hub.video.timeline import Moment
from fer_hub.video.tracking import Tracker
from fer_hub.vision.detection import Face


def follow_people(looks: pa.Table) -> list[int | None]:
    """The person whom each face of the looks belongs to, from 1; None for whoever was seen for a glimpse only."""
    tracker = Tracker()
    seconds = looks["seconds"].to_pylist()
    faces = looks["faces"].to_pylist()
    moments = (
        Moment(time, tuple(tracker.update(time, [_expression(face) for face in seen])))
        for time, seen in zip(seconds, faces, strict=True)
    )
    people: list[int | None] = []
    for moment, seen in zip(without_glimpses(moments, tracker.follows), faces, strict=True):
        persons = {face.box: face.person for face in moment.faces}
        people += [persons.get(tuple(face["box"])) for face in seen]
    return people


def _expression(face: dict[str, Any]) -> FaceExpression:
    landmarks = np.array(face["landmarks"])
    return FaceExpression(
        Face(tuple(face["box"]), face["confidence"], landmarks), face["probabilities"], np.empty((0, 0, 3), np.uint8)
    )
