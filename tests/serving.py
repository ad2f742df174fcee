"""The demo, served to a test for as long as it lasts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from fer_hub.demo.app import build_demo, launch


@contextmanager
def serving(references: list[str]) -> Iterator[str]:
    """Serve a demo of these models and give its address."""
    demo = build_demo(references)
    address = launch(demo, prevent_thread_lock=True, quiet=True)
    with closing(demo):
        yield address


@contextmanager
def closing(demo: gr.Blocks) -> Iterator[None]:
    """Close a demo that was launched."""
    try:
        yield
    finally:
        try:
            demo.close()
        except asyncio.InvalidStateError:  # Gradio sets an event from this thread while a page that left cancels it
            demo.server.close()
