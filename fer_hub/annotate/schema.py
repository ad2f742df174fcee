"""The tables: what each column holds. docs/annotate.md says the same to users."""

import json
from typing import Any

import pyarrow as pa

from fer_hub.annotate.settings import Settings

_HEADS = pa.list_(
    pa.struct({"head": pa.string(), "label": pa.string(), "probability": pa.float32(), "value": pa.float32()})
)
# A list, because the datasets library reads no maps: one entry a class, or the one of a value.

_PIXELS = pa.struct({"bytes": pa.binary(), "path": pa.string()})

ITEMS = pa.schema(
    {
        "source": pa.string(),
        "kind": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "seconds": pa.float64(),
        "looks": pa.int32(),
        "faces": pa.int32(),
        "problem": pa.string(),
    }
)
"""A row a photo or video, also where there is no face in it or it cannot be read."""


def face_type(settings: Settings) -> pa.StructType:
    """What is known of one face."""
    return pa.struct(
        {
            "face": pa.int32(),
            "box": pa.list_(pa.float32(), 4),
            "angle": pa.float32(),
            "landmarks": pa.list_(pa.list_(pa.float32(), 2), 5),
            "confidence": pa.float32(),
            "expression": pa.string(),
            "probabilities": pa.struct({label: pa.float32() for label in settings.labels}),
            "doubt": pa.string(),
            "heads": _HEADS,
            **({"crop": _PIXELS} if settings.crops else {}),
        }
    )


def part_schema(settings: Settings) -> pa.Schema:
    """A part's file: a row a picture that was looked at (a photo, or a frame of a video), with its faces."""
    return pa.schema(
        {
            "source": pa.string(),
            "kind": pa.string(),
            "frame": pa.int64(),
            "seconds": pa.float64(),
            "width": pa.int32(),
            "height": pa.int32(),
            "problem": pa.string(),
            "faces": pa.list_(face_type(settings)),
        }
    )


def faces_schema(settings: Settings) -> pa.Schema:
    """The table of faces: a row a face."""
    face = face_type(settings)
    known = {face.field(index).name: face.field(index).type for index in range(face.num_fields)}
    schema = pa.schema(
        {
            "source": pa.string(),
            "frame": pa.int64(),
            "seconds": pa.float64(),
            "face": known.pop("face"),
            "person": pa.int32(),
            **known,
            "model": pa.string(),
            "commit": pa.string(),
            "versions": pa.string(),
        }
    )
    features = {"info": {"features": {field.name: _feature(field.type) for field in schema}}}
    return schema.with_metadata({"huggingface": json.dumps(features)})


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A column's type as the datasets library notes it, so that `crop` is shown as pictures."""
    if kind == _PIXELS:
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {kind.field(index).name: _feature(kind.field(index).type) for index in range(kind.num_fields)}
    if pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind):
        length = kind.list_size if pa.types.is_fixed_size_list(kind) else -1
        return {"_type": "List", "feature": _feature(kind.value_type), "length": length}
    return {"_type": "Value", "dtype": {"float": "float32", "double": "float64"}.get(str(kind), str(kind))}
