"""The photos that a visitor gave, and the faces found in them."""

from dataclasses import dataclass, field

from fer_hub.recognizer import FaceExpression


@dataclass(frozen=True)
class RecognizedPhoto:
    """A photo and its faces."""

    name: str
    path: str
    """Where Gradio keeps it for a while; the photo itself is not kept in memory."""
    faces: list[FaceExpression]


@dataclass(frozen=True)
class PhotoResults:
    """What a visitor looks at on the Photo tab."""

    paths: tuple[str, ...] = ()
    """None: the example."""
    models: tuple[str, ...] = ()
    photos: list[RecognizedPhoto] = field(default_factory=list)

    def faces(self) -> list[tuple[RecognizedPhoto, int, FaceExpression]]:
        """Every face with its photo and its number there, from 1."""
        return [(photo, number, face) for photo in self.photos for number, face in enumerate(photo.faces, 1)]

    def choices(self) -> list[tuple[str, int]]:
        """What a menu of faces shows, and each face's index."""
        several = len(self.photos) > 1
        return [
            (
                f"{f'{photo.name}, ' if several else ''}face {number}: {face.expression}{'?' if face.doubt else ''}",
                index,
            )
            for index, (photo, number, face) in enumerate(self.faces())
        ]
