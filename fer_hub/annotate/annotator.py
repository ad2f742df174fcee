"""Annotator: a part -> its rows. It holds the networks, one in each process that works."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from fer_hub.annotate.footage import looks_at
from fer_hub.annotate.photos import Opened, photo_windows
from fer_hub.annotate.schema import part_schema
from fer_hub.annotate.settings import Settings
from fer_hub.annotate.sources.archives import local_copy
from fer_hub.annotate.sources.items import Cell, Item, Unreadable, problem_of
from fer_hub.annotate.work import MAX_VIDEO_SECONDS, Part
from fer_hub.errors import FerHubError, plain
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.video.reader import VideoFile
from fer_hub.vision.alignment import encode_face

BATCH = 8
"""Pictures whose faces are named together. Sums come out otherwise in another batch, in the last digits: so what is
named together follows from the part alone, and not from who is quick."""


class Annotator:
    """Parts in, tables out."""

    def __init__(self, settings: Settings, recognizer: ExpressionRecognizer | None = None, decoders: int = 1) -> None:
        """Load the models, where they are not given; `decoders` threads open pictures in advance."""
        self.settings, self.decoders = settings, decoders
        self.recognizer = recognizer or settings.recognizer()
        self.schema = part_schema(settings)

    def __call__(self, part: Part) -> pa.Table:
        """A row a picture (see `part_schema`), in order."""
        with _one_thread():
            rows = self._footage(part) if part.stretch else self._photos(part)
        return pa.Table.from_pylist(rows, self.schema)

    def file_of(self, part: Part) -> bytes:
        """The rows as a parquet file."""
        stream = io.BytesIO()
        pq.write_table(self(part), stream)
        return stream.getvalue()

    def _footage(self, part: Part) -> list[dict[str, Any]]:
        """A row a look at a video; where it cannot be read further, one row more that says why."""
        (item,), stretch = part.items, part.stretch
        assert stretch is not None
        video: dict[str, Any] = {"source": item.source, "kind": "video"}
        if isinstance(item.place, Unreadable):
            return [video | {"problem": item.place.problem, "faces": []}]
        assert not isinstance(item.place, Cell | bytes)
        rows: list[dict[str, Any]] = []
        with local_copy(item.place) as path:
            try:
                file = VideoFile(path, MAX_VIDEO_SECONDS)
                video["width"], video["height"] = file.size
                for look in looks_at(file, stretch, self.recognizer):
                    faces = [self._face(number, face, look.scale) for number, face in enumerate(look.faces)]
                    rows.append(video | {"frame": look.frame, "seconds": look.seconds, "faces": faces})
            except (MemoryError, torch.OutOfMemoryError):
                raise
            except Exception as error:  # any: one video of a thousand must not end the run
                problem = problem_of(error, path) if isinstance(error, FerHubError) else _failure(error)
                rows.append(video | {"problem": problem, "faces": []})
        if not rows and stretch.start == 0:
            rows.append(video | {"problem": "this video has no pictures.", "faces": []})
        return rows

    def _photos(self, part: Part) -> list[dict[str, Any]]:
        return [row for window in photo_windows(part.items, self.decoders) for row in self._annotated(window)]

    def _annotated(self, window: list[Opened]) -> list[dict[str, Any]]:
        """The rows of some pictures that are open, or could not be opened."""
        rows = [_row(item, picture) for item, picture in window]
        pairs = zip(rows, (picture for _, picture in window), strict=True)
        opened = [(row, picture) for row, picture in pairs if not isinstance(picture, str)]
        for start in range(0, len(opened), BATCH):
            batch = opened[start : start + BATCH]
            found = self._recognized([picture for _, picture in batch])
            for (row, _), faces in zip(batch, found, strict=True):
                if isinstance(faces, str):
                    row["problem"] = faces
                else:
                    row["faces"] = [self._face(number, face) for number, face in enumerate(faces)]
        return rows

    def _recognized(self, pictures: Sequence[np.ndarray]) -> Sequence[list[FaceExpression] | str]:
        """The faces of each picture; where the networks fail on one, what they said instead."""
        try:
            return self.recognizer.predict_batch(pictures)
        except (MemoryError, torch.OutOfMemoryError):
            raise  # of the machine, not of a picture
        except Exception as error:  # any: one picture of a million must not end the run
            if len(pictures) == 1:
                return [_failure(error)]
            return [self._recognized([picture])[0] for picture in pictures]

    def _face(self, number: int, face: FaceExpression, scale: float = 1.0) -> dict[str, Any]:
        """What the tables say of a face; `scale`: pixels of the photo or video for one of the picture searched."""
        landmarks = (face.face.landmarks + 0.5) * scale - 0.5
        across, down = landmarks[1] - landmarks[0]
        return {
            "face": number,
            "box": [value * scale for value in face.box],
            "angle": math.degrees(math.atan2(down, across)),
            "landmarks": landmarks.tolist(),
            "confidence": face.confidence,
            "expression": face.expression,
            "probabilities": face.probabilities,
            "doubt": face.doubt,
            "heads": list(_entries(face.heads)),
            **({"crop": {"bytes": encode_face(face.crop), "path": None}} if self.settings.crops else {}),
        }


def _entries(heads: Mapping[str, float | Mapping[str, float]]) -> Iterator[dict[str, Any]]:
    """What further heads say, as the tables hold it."""
    for head, said in heads.items():
        if isinstance(said, Mapping):
            for label, probability in said.items():
                yield {"head": head, "label": label, "probability": probability}
        else:
            yield {"head": head, "value": said}


def _row(item: Item, picture: np.ndarray | str) -> dict[str, Any]:
    row: dict[str, Any] = {"source": item.source, "kind": "photo", "faces": []}
    if isinstance(picture, str):
        return row | {"problem": picture}
    return row | {"height": picture.shape[0], "width": picture.shape[1]}


def _failure(error: Exception) -> str:
    return f"the networks fail on it ({type(error).__name__}: {plain(str(error), 200)})."


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes share the machine, not threads; and so no sum is split one way here and another way there."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
