"""A part of the page that is ours alone: HTML from a template, with a script beside it."""

from typing import Any

import gradio as gr

from fer_hub.demo.views.templating import asset


def panel(value: str = "", script: str = "", **options: Any) -> gr.HTML:
    """Lay out HTML without Gradio's own looks; `script` names a file of views/scripts that listens to it."""
    return gr.HTML(
        value, js_on_load=asset(f"scripts/{script}.js") if script else None, apply_default_css=False, **options
    )
