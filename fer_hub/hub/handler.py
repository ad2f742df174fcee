"""Runs a model on Hugging Face Inference Endpoints. A copy of this file lies in every pushed model repository.

An endpoint imports it, with the folder it lies in on the import path, makes one EndpointHandler and calls it once a
request. `fer_hub/` beside it is a copy of the code that this model was pushed with. Nothing of ours fetches or
runs these copies when a model is pulled.
"""

import base64
import binascii
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from fer_hub import ExpressionRecognizer, InputError


class EndpointHandler:
    """A picture in, its faces out; the faces as in the demo's HTTP API."""

    def __init__(self, path: str | Path = ".") -> None:
        """`path`: the model folder."""
        self.recognizer = ExpressionRecognizer.from_pretrained(
            str(path), device="cuda" if torch.cuda.is_available() else "cpu"
        )

    def __call__(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Name the expression of each face, largest face first; an empty list where there is no face.

        Args:
            data: `{"inputs": picture}`, the picture as PIL image (an endpoint makes one of a request whose content is
                a JPEG or PNG), as bytes, or as base64 text in JSON.

        Raises:
            InputError: this is no picture. An endpoint answers 400 with its message.
        """
        return [face.to_dict() for face in self.recognizer(_picture(data.get("inputs")))]


def _picture(inputs: Any) -> Image.Image | bytes:
    if isinstance(inputs, str):  # never a path: a visitor must not name files of the server
        try:
            return base64.b64decode(inputs.partition("base64,")[2] or inputs, validate=True)
        except (binascii.Error, ValueError):
            raise InputError("the text in inputs is not base64; encode the picture's file as base64.") from None
    if isinstance(inputs, Image.Image | bytes):
        return inputs
    raise InputError('there is no picture; send a JPEG or PNG as the content, or JSON {"inputs": "<base64>"}.')
