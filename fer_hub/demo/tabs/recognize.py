"""What programs call: `/recognize`, a picture in, its faces out, without a tab of its own."""

from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import annotate
from fer_hub.vision.images import open_image


def recognize_endpoint(recognizers: Recognizers) -> None:
    """Offer the endpoint; its components are never seen."""

    def recognize(picture: str, models: list[str] | None = None) -> tuple[Image.Image, list[dict[str, Any]]]:
        """Find the faces in a picture and name the expression each one shows (which is not what a person feels).

        Args:
            picture: JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF, of up to 64 megapixels.
            models: references from the list of models; several are averaged as an ensemble. None: the best one here.

        Returns:
            the picture with its faces marked
            a list, largest face first, of {"box": [x1, y1, x2, y2] in pixels, "confidence": 0 to 1 that it is a face,
            "expression": the most probable, "probabilities": {expression: 0 to 1}}; empty where there is no face
        """
        if not picture:
            raise InputError("No picture was given; send a JPEG, PNG or WebP file, or one of another usual format.")
        rgb = open_image(picture)
        found: list[FaceExpression] = recognizers.get(models)(rgb)
        return annotate(rgb, found), [face.to_dict() for face in found]

    picture = gr.Image(type="filepath", visible=False, label="Picture")
    setattr(picture, "preprocess", lambda payload: payload and payload.path)  # unopened too  # noqa: B010
    gr.Button(visible=False).click(
        recognize,
        [picture, gr.Dropdown(recognizers.choices(), multiselect=True, visible=False, label="Models")],
        [gr.Image(visible=False, format="jpeg", label="Faces found"), gr.JSON(visible=False, label="Faces")],
        api_name="recognize",
        concurrency_id="faces",
    )
