"""ExpressionRecognizer: a picture -> the expression of each face in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from fer_hub.hub.references import bundled_models, resolve
from fer_hub.models import ModelConfig
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.ensemble import Ensemble
from fer_hub.models.heads import Answers
from fer_hub.models.preprocessing import as_seen
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import Face, FaceDetector
from fer_hub.vision.images import Picture, open_image

CLOSE = 0.2
"""Where the two most probable expressions lie closer together, the first is wrong about as often as it is right."""

SMALL_SIDE = 30
"""Faces whose longer side has fewer pixels are named worse, by four points and more.

Both measured on FER+'s validation split by tests/benchmarks/doubt.py. `fer-live` names 52% of the close faces right
(they are 8% of all) and 89% of the others, `fer-compact` 53% (7%) and 90%. With the same pictures reduced until faces
are 29 pixels high, `fer-live` falls from 86.4% to 82.9%, at 21 pixels to 78.9%, `fer-compact` from 87.3% to 84.9% and
79.8%.
"""


def is_close(probabilities: Mapping[str, float]) -> bool:
    """Whether the two most probable expressions are too close together to rely on the first."""
    second, first = sorted(probabilities.values())[-2:]
    return first - second < CLOSE


@dataclass(frozen=True)
class FaceExpression:
    """A face and what it shows."""

    face: Face
    probabilities: dict[str, float]
    """Expression -> calibrated probability; they sum to 1."""
    crop: np.ndarray
    """HWC uint8 RGB, the aligned crop as the (first) model saw it: without colour where it has no use for any."""
    heads: dict[str, float | dict[str, float]] = field(default_factory=dict)
    """Further head of the model -> its value, such as valence 0.4, or class -> probability; see `--auxiliary`."""

    @property
    def expression(self) -> str:
        """The most probable expression."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """XYXY pixels inside the picture."""
        return self.face.box

    @property
    def confidence(self) -> float:
        """How sure the face detector is that this is a face, 0-1."""
        return self.face.confidence

    @property
    def doubt(self) -> str | None:
        """Why not to rely on `expression`, in words, by `CLOSE` and `SMALL_SIDE`; None where neither applies."""
        if is_close(self.probabilities):
            return "the two most probable are too close"
        left, top, right, bottom = self.box
        return "the face is too small" if max(right - left, bottom - top) < SMALL_SIDE else None

    @property
    def further(self) -> str:
        """What the further heads say, in words: `valence 0.41, gender female 93%`; empty where there are none."""
        said = []
        for name, answer in self.heads.items():
            if isinstance(answer, dict):
                word = max(answer, key=answer.__getitem__)
                said.append(f"{name} {word} {answer[word]:.0%}")
            else:
                said.append(f"{name} {answer:.3g}")
        return ", ".join(said)

    def to_dict(self) -> dict[str, Any]:
        """The form of the HTTP API and of `recognize --json`; `heads` is there where the model has any."""
        return {
            "box": [round(value, 1) for value in self.box],
            "confidence": round(self.confidence, 4),
            "expression": self.expression,
            "probabilities": self.probabilities,
            "doubt": self.doubt,
            **({"heads": self.heads} if self.heads else {}),
        }


class ExpressionRecognizer:
    """Finds the faces of a picture and names the expression of each; several models are one ensemble."""

    def __init__(self, classifiers: Sequence[ExpressionClassifier], detector: FaceDetector) -> None:
        self.ensemble = Ensemble(classifiers)
        self.detector = detector

    @property
    def labels(self) -> tuple[str, ...]:
        """The expressions that it names, in the order of `FaceExpression.probabilities`."""
        return self.ensemble.labels

    @property
    def classifiers(self) -> tuple[ExpressionClassifier, ...]:
        return self.ensemble.classifiers

    @classmethod
    def from_pretrained(cls, *references: str, device: torch.device | str = "cpu") -> "ExpressionRecognizer":
        """Load one or several models by reference (see `fer_hub.hub.resolve`); none means `DEFAULT_MODEL`."""
        chosen = references or tuple(bundled_models()[:1])
        classifiers = [resolve(reference).load(device) for reference in chosen]
        return cls(classifiers, FaceDetector(device=device))

    def __call__(self, picture: Picture) -> list[FaceExpression]:
        """Return the faces of a picture, largest first; an empty list where there is none.

        Args:
            picture: path, bytes, PIL image, or HWC uint8 RGB array.

        Raises:
            InputError: this is not a picture that can be read.
        """
        return self.predict_batch([open_image(picture)])[0]

    def predict_batch(self, pictures: Sequence[np.ndarray]) -> list[list[FaceExpression]]:
        """Return the faces of each picture as `__call__` does; all of them are classified together.

        Args:
            pictures: HWC uint8 RGB, 0-255, of any sizes.
        """
        found = [self.detector.detect(picture) for picture in pictures]
        recognized = iter(
            self.classify([(p, face) for p, faces in zip(pictures, found, strict=True) for face in faces])
        )
        return [[next(recognized) for _ in faces] for faces in found]

    def classify(self, faces: Sequence[tuple[np.ndarray, Face]]) -> list[FaceExpression]:
        """Name the expression of faces that are found already; probabilities are averaged over all models.

        Args:
            faces: each with its picture, HWC uint8 RGB, 0-255.
        """
        if not faces:
            return []
        batches = [self._crops(faces, classifier.config) for classifier in self.classifiers]
        answers = self.ensemble.answers(batches)
        probabilities = answers.probabilities.tolist()
        shown = batches[0].expand(-1, 3, -1, -1)
        shown_crops = shown.permute(0, 2, 3, 1).contiguous().numpy()
        return [
            FaceExpression(face, dict(zip(self.labels, row, strict=True)), crop, self._heads(answers, number))
            for number, ((_, face), row, crop) in enumerate(zip(faces, probabilities, shown_crops, strict=True))
        ]

    def _heads(self, answers: Answers, number: int) -> dict[str, float | dict[str, float]]:
        """What the further heads answer for one of the faces."""
        said: dict[str, float | dict[str, float]] = {}
        for name, head in self.ensemble.heads.items():
            row = answers.heads[name][number].tolist()
            said[name] = dict(zip(head.classes, row, strict=True)) if head.classes else row[0]
        return said

    def largest_faces(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """HWC uint8 RGB pictures of any size -> `(N, K)` probabilities of the largest face of each, in `labels` order.

        Rows are zeros where no face is found.
        """
        rows = np.zeros((len(pictures), len(self.labels)))
        for row, picture in zip(rows, pictures, strict=True):
            if faces := self(picture):
                row[:] = [faces[0].probabilities[label] for label in self.labels]
        return rows

    @staticmethod
    def _crops(faces: Sequence[tuple[np.ndarray, Face]], config: ModelConfig) -> torch.Tensor:
        """`(N, C, S, S)` uint8 crops as a model was trained on."""
        crops = [align_face(picture, face.landmarks, config.crop) for picture, face in faces]
        return as_seen(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2), config)
