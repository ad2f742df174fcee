"""The Models tab: what there is to choose from, here and on the Hub, with accuracy and size."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.messages import alert, heading, hint, waiting
from fer_hub.demo.views.model_list import listed_line, models_table
from fer_hub.errors import FerHubError, InputError, plain
from fer_hub.hub.catalogue import models_here, models_on_hub

FURTHER_VARIABLE = "FER_HUB_FURTHER_MODELS"
"""Environment variable: all (default) lets visitors use the cache and the Hub, hub the Hub alone, none neither."""

_SHOWN = 50

_HINT = """Any public model made with FER Hub, or an image classifier of expressions in transformers' or timm's format.
Only weights are fetched, never code, and they are checked first. Accuracies are what a model's owner says."""


_ADDRESS = re.compile(r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([^/\s]+/[^/\s?#]+)(?:/tree/([^/\s?#]+))?.*$")


def models_tab(recognizers: Recognizers, demo: gr.Blocks, tab: gr.Tab, shared: gr.Dropdown) -> None:
    """Lay out `tab` and wire it to every menu of models that the demo has; so it comes after the other tabs.

    `shared` is the menu that the tabs have in common.
    """
    allowed = _allowed()
    menus = [block for block in demo.blocks.values() if _offers_models(block, recognizers)]

    def offered() -> list[tuple[str, str]]:
        """Models in the cache of this machine that are in no menu yet, and that anybody may see."""
        if allowed != "all":
            return []
        cached = {model.reference: model for model in models_here() if model.place == "cached"}
        return [(listed_line(cached[reference]), reference) for reference in recognizers.public(cached)]

    def list_here() -> Any:
        choices = offered()
        return gr.Radio(choices, visible=bool(choices), label="On this machine")

    def search(words: str) -> Iterator[tuple[str, Any]]:
        yield waiting("Asking the Hub"), gr.skip()
        yield found_on_hub(words.strip()[:96])

    def found_on_hub(words: str) -> tuple[str, Any]:
        found, missing = models_on_hub(words or None, token=False)
        if missing:
            return alert(f"The Hub's models cannot be listed: {missing}."), gr.skip()
        choices = [(listed_line(model), model.reference) for model in found[:_SHOWN]]
        what = f"with {plain(words)!r} in its name" if words else "of FER Hub"
        if not choices:
            return hint(f"The Hub lists no model {what}. Paste owner/name to use any other."), list_here()
        more = f" These are the {_SHOWN} that changed last; search for a part of the name." if found[_SHOWN:] else ""
        told = f"{len(found)} found. Choose one, and press Use this model.{more}"
        return hint(told), gr.Radio(choices, visible=True, label="On the Hub")

    def use(reference: str, brought: list[str]) -> Iterator[list[Any]]:
        unchanged = [gr.skip()] * (len(menus) + 1)
        yield [waiting("Fetching and checking the model"), *unchanged]
        try:
            if not (reference := reference_in(reference)):
                raise InputError("Name a model first: owner/name on the Hub.")
            recognizers.bring(reference)
        except FerHubError as error:
            yield [alert(str(error)), *unchanged]
            return
        if reference not in (*recognizers.references, *brought):
            brought = [*brought, reference]
        choices = recognizers.choices(brought)
        told = f"{reference} is now chosen in every tab; on Compare, add it. Several chosen together are an ensemble."
        yield [hint(told), brought, *(_offer(menu, choices, reference) for menu in menus)]

    def use_listed(event: gr.EventData) -> tuple[Any, str]:
        reference = getattr(event, "model", None)
        if reference not in recognizers.references:
            return gr.skip(), alert("That model is not on the page any more.")
        return [reference], hint(f"{reference} is now chosen for Photo, Live and Video.")

    def timed() -> str:
        """The table with the speed of each model; that of one that cannot be loaded in time stays unknown."""
        speeds: dict[str, float] = {}
        for reference in recognizers.references:
            with suppress(InputError):
                speeds[reference] = recognizers.milliseconds(reference)
        return models_table(recognizers.models(), speeds)

    table = panel(models_table(recognizers.models()), "models", elem_id="models")
    used = panel(script="status", elem_id="models-used")
    tab.select(timed, None, table, show_progress="hidden", api_visibility="private", concurrency_limit=1)
    table.use(use_listed, None, [shared, used], show_progress="hidden", api_visibility="private")
    if allowed == "none":
        return
    brought = gr.State([], time_to_live=3600)
    gr.HTML(heading("Bring another", _HINT))
    with gr.Row(equal_height=True):
        name = gr.Textbox(
            label="Model of the Hub",
            info="owner/name to use, with @revision if you like, or its address; or a part of a name to search for.",
            max_length=200,
            min_width=240,
            scale=3,
            elem_id="brought",
        )
        with gr.Column(min_width=200, scale=1):
            find = gr.Button("Search the Hub")
            take = gr.Button("Use this model", variant="primary")
    told = panel(script="status", elem_id="brought-told")
    listed = gr.Radio([], label="On this machine", visible=False, elem_id="listed")

    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1}
    tab.select(list_here, None, listed, show_progress="hidden", **private)
    gr.on([find.click, name.submit], search, name, [told, listed], show_progress="hidden", **private)
    listed.input(lambda reference: reference, listed, name, show_progress="hidden", **private)
    # One at a time, so that visitors cannot make this machine fetch many at once.
    take.click(use, [name, brought], [told, brought, *menus], show_progress="hidden", **private)


def reference_in(text: str) -> str:
    """The model that is meant: what was typed, or the repository in an address of huggingface.co."""
    text = text.strip()
    found = _ADDRESS.match(text)
    return "@".join(part for part in found.groups() if part) if found else text


def _allowed() -> str:
    value = os.environ.get(FURTHER_VARIABLE) or "all"
    if value not in ("all", "hub", "none"):
        raise InputError(f"{FURTHER_VARIABLE} is {value!r}; expected all, hub or none.")
    return value


def _offers_models(block: Any, recognizers: Recognizers) -> bool:
    return isinstance(block, gr.Dropdown) and block.choices == recognizers.choices()


def _offer(menu: Any, choices: list[tuple[str, str]], chosen: str) -> Any:
    """A menu with new choices; where it takes a certain number, what is chosen stays."""
    if menu.max_choices is not None:
        return gr.Dropdown(choices)
    return gr.Dropdown(choices, value=[chosen] if menu.multiselect else chosen)
