"""Faces as HTML."""

import base64
import io

from PIL import Image


def data_uri(image: Image.Image) -> str:
    """An image as part of the page, so that nothing is left on the disk."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
