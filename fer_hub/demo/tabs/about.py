"""The About tab: what this is and is not, where it must not be used, what happens to pictures, and how to call it."""

import os
import platform
from html import escape
from importlib.metadata import version

import gradio as gr

from fer_hub import __version__

_PACKAGES = ("gradio", "torch", "torchvision", "facenet-pytorch", "captum", "av")

_TEXT = """
## What it does

It finds the faces in a picture and says how probable each of seven expressions is: angry, disgust, fear, happy, sad,
surprise, neutral. The probabilities are calibrated: of the faces that are called happy with 80%, about 80% are
labelled happy in pictures the model has not seen. **Not sure** stands where the two most probable expressions are
closer than 20 points, because the first is then wrong more often than right, and where a face is smaller than 30
pixels.

## What it is not

- **An expression is what a face shows; it is not what a person feels.** People smile in grief and frown in thought.
- It does not recognise who somebody is, and it does not guess age, sex or origin.
- Its labels are the opinion of few annotators about pictures found on the web. A model repeats their mistakes, and
  names some groups of people, turned or covered heads and dark pictures worse than others. The Evaluation tab says how
  often it is right.
- The maps under "Look closer" show what moves the model. They do not show that it is right.

## Where it must not be used

- To judge, select or watch people: in hiring, teaching, policing, at borders, in medicine or insurance.
- In the European Union, inferring emotions of people at work and in education is forbidden (AI Act, Regulation
  2024/1689, Article 5(1)(f)), and people must be told when an emotion recognition system looks at them (Article
  50(3)).
- On people who do not know of it, or did not agree.

## What happens to your pictures

They go to the machine that runs this page and to nobody else. It keeps an uploaded picture, and the picture with the
faces marked, for ten to twenty minutes in a temporary folder, so that you can look closer, and then deletes both;
what it found is forgotten when you close the page. A video is kept as long, and so are the frames, the table and the
video with boxes that were made from it. Of the webcam on the Live tab nothing is kept: its pictures are read in
memory. There is no history, no log of pictures, no account and no statistics, and nothing is used for training.
"""

_API = """
from gradio_client import Client, handle_file

client = Client("{address}")
annotated, faces = client.predict(handle_file("photo.jpg"), api_name="/recognize")
print(faces[0]["expression"], faces[0]["probabilities"])
"""

_MCP = """
{{"mcpServers": {{"fer-hub": {{"url": "{address}/gradio_api/mcp/"}}}}}}
"""

_MCP_ON = "An assistant that speaks MCP gets `recognize`, `models` and `evaluation` as tools with this configuration:"
_MCP_OFF = (
    "This machine offers no tools to assistants (MCP); `pip install 'gradio[mcp]'` before the start adds them, with "
    "this configuration:"
)


def about_tab(mcp: bool) -> None:
    """Lay out the tab; `mcp` says whether assistants can use this demo."""
    address = _address()
    gr.Markdown(_TEXT)
    gr.Markdown("## For programs\n\nThe link at the bottom of the page describes every function. From Python:")
    gr.Code(
        _API.format(address=address).strip(), language="python", show_label=False, interactive=False, wrap_lines=True
    )
    gr.Markdown(_MCP_ON if mcp else _MCP_OFF)
    gr.Code(_MCP.format(address=address).strip(), language="json", show_label=False, interactive=False, wrap_lines=True)
    gr.HTML(versions())


def versions() -> str:
    """What this runs on, in one line of HTML."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f'<p class="fer-small">FER Hub {__version__}; Python {platform.python_version()}; {escape(packages)}.</p>'


def _address() -> str:
    """Where others reach this page: the Space's own address, or the one that app.py listens on."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}"
    return f"http://127.0.0.1:{os.environ.get('GRADIO_SERVER_PORT', '7860')}"
