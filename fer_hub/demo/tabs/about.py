"""The About tab: what this is and is not, where it must not be used, what happens to pictures, and how to call it."""

import os
import platform
from importlib.metadata import version

import gradio as gr
from markupsafe import Markup

from fer_hub import __version__
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.templating import asset, render

_PACKAGES = ("gradio", "torch", "torchvision", "facenet-pytorch", "captum", "av")

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
    gr.Markdown(asset("about.md"))
    gr.Markdown("## For programs")
    panel(render("page/api"), script="about")
    gr.Markdown("From Python:")
    panel(render("page/code", text=_API.format(address=address).strip()))
    gr.Markdown(_MCP_ON if mcp else _MCP_OFF)
    panel(render("page/code", text=_MCP.format(address=address).strip()))
    panel(versions())


def versions() -> Markup:
    """What this runs on, in one line."""
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    return render("page/versions", version=__version__, python=platform.python_version(), packages=packages)


def _address() -> str:
    """Where others reach this page: the Space's own address, or the one that app.py listens on."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}"
    return f"http://127.0.0.1:{os.environ.get('GRADIO_SERVER_PORT', '7860')}"
