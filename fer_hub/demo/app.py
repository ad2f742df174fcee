"""The browser demo: one file per tab."""

import os
from importlib.util import find_spec
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from fer_hub.demo import zero_gpu  # noqa: F401  a Space on ZeroGPU starts only with a function marked there
from fer_hub.demo.security.blocks import GuardedBlocks
from fer_hub.demo.security.requests import RequestGuard
from fer_hub.demo.security.sweeping import KEPT_SECONDS, sweeping
from fer_hub.demo.state.evaluations import DATASET_VARIABLE, Evaluations
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.about import about_tab
from fer_hub.demo.tabs.compare import compare_tab
from fer_hub.demo.tabs.evaluation import evaluation_tab
from fer_hub.demo.tabs.live import live_tab
from fer_hub.demo.tabs.models import models_tab
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.tabs.photo import photo_tab
from fer_hub.demo.tabs.recognize import recognize_endpoint
from fer_hub.demo.tabs.video import video_tab
from fer_hub.demo.theme import THEME
from fer_hub.demo.views.templating import asset, render
from fer_hub.hub.references import bundled_models
from fer_hub.space.spacefile import MODELS_VARIABLE

__all__ = ["build_demo", "launch"]

HAS_TOOLS = find_spec("mcp") is not None
"""Whether assistants can use the three public functions: with gradio[mcp]."""

MOST_WAITING = 64
"""Requests in the queue; more are refused."""

MOST_SESSIONS = 256
"""Visits that the server remembers; of each, Gradio holds the whole page, a quarter of a megabyte."""


def build_demo(references: list[str] | None = None) -> gr.Blocks:
    """Build the demo over the given models (see `fer_hub.hub.resolve`), the first as default.

    None means the bundled ones, and those that the environment variable FER_HUB_MODELS names, parted by spaces.
    """
    offered = references or [*bundled_models(), *os.environ.get(MODELS_VARIABLE, "").split()]
    recognizers = Recognizers(list(dict.fromkeys(offered)))
    evaluations = Evaluations(recognizers, os.environ.get(DATASET_VARIABLE))
    demo = GuardedBlocks(
        title="FER Hub: facial expressions",
        analytics_enabled=False,
        delete_cache=(KEPT_SECONDS // 2, KEPT_SECONDS),
    )
    with demo:
        with gr.Row(elem_id="top", equal_height=True):
            panel(render("page/header"), "header", elem_id="header")
            models = model_choice(recognizers)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Photo", id="photo"):
                photo_tab(recognizers, demo, models)
            with gr.Tab("Live", id="live"):
                live_tab(recognizers, models)
            with gr.Tab("Video", id="video"):
                video_tab(recognizers, models)
            with gr.Tab("Compare", id="compare") as tab:
                compare_tab(recognizers, evaluations, tab)
            with gr.Tab("Evaluation", id="evaluation") as tab:
                evaluation_tab(recognizers, evaluations, demo, tabs, tab, models)
            with gr.Tab("Models", id="models") as tab:
                models_tab(recognizers, demo, tab, models)
            with gr.Tab("About", id="about"):
                about_tab(mcp=HAS_TOOLS)
        panel(render("page/notice"))
        recognize_endpoint(recognizers)
        gr.events.api(
            recognizers.models,
            api_name="models",
            api_description="The models at hand, with accuracy and dataset.",
            queue=False,  # a list that is ready: it answers while others are slow
        )
    demo.queue(max_size=MOST_WAITING, default_concurrency_limit=2, api_open=False)
    return demo


def model_choice(recognizers: Recognizers) -> gr.Dropdown:
    """The menu of models that Photo, Live and Video share; never empty, as something has to answer."""
    models = gr.Dropdown(
        recognizers.choices(),
        value=recognizers.references[:1],
        multiselect=True,
        label="Model",
        container=False,
        min_width=260,
        scale=2,
        elem_id="model",
    )
    models.input(
        lambda chosen: chosen or recognizers.references[:1], models, models, show_progress="hidden",
        api_visibility="private", queue=True,
    )  # fmt: skip
    return models


def launch(demo: gr.Blocks, **options: Any) -> str:
    """Serve a demo as it is meant to be served, with further `options` of Gradio's launch; its address."""
    _, address, _ = demo.launch(
        theme=THEME,
        css=asset("demo.css"),
        run_history=False,  # pictures of people are not kept
        max_file_size="100mb",
        footer_links=["api"],
        mcp_server=HAS_TOOLS,
        state_session_capacity=MOST_SESSIONS,
        ssr_mode=False,  # no second server before this one
        app_kwargs={"middleware": [Middleware(RequestGuard)], "lifespan": sweeping},
        **options,
    )
    return str(address)
