"""Gradio's Blocks, with what every function of the demo has in common, so that none can forget it."""

from typing import Any

import gradio as gr
from anyio import to_thread
from markupsafe import escape

from fer_hub.demo.security.deadline import REQUEST_SECONDS, deadline
from fer_hub.demo.security.shares import share_queue
from fer_hub.demo.security.uploads import check_texts, check_uploads
from fer_hub.errors import InputError, printable

_MOST_SHOWN = 1000
"""Characters of a message."""

_MALFORMED = "these are not the values that this function takes; /gradio_api/info says which the public ones take."


class GuardedBlocks(gr.Blocks):
    """Blocks that take uploaded files only, end each step of work at a deadline, and show errors as text.

    Nobody gets more than a share of their queue.
    """

    def queue(self, *arguments: Any, **named: Any) -> Any:
        """See `fer_hub.demo.security.shares`."""
        blocks = super().queue(*arguments, **named)
        share_queue(self._queue)
        return blocks

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *others: Any, **named: Any) -> list[Any]:
        """Before anything else is done with a request: see `fer_hub.demo.security.uploads`."""
        await to_thread.run_sync(check_uploads, inputs)
        check_texts(inputs)
        try:
            checked: list[Any] = await super().preprocess_data(block_fn, inputs, *others, **named)
        except gr.Error:
            raise
        except Exception:  # a component that is given what its page never sends raises nearly anything
            raise InputError(_MALFORMED) from None
        return [_formed(block, value) for block, value in zip(block_fn.inputs, checked, strict=True)]

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Whatever goes wrong in words is said in words: Gradio's page would show them as HTML."""
        try:
            with deadline(REQUEST_SECONDS):
                if (event := named.get("event_data")) is not None:
                    event._data = event._data if isinstance(event._data, dict) else {}
                    await to_thread.run_sync(check_uploads, event._data)
                return await super().process_api(*arguments, **named)
        except InputError as error:
            raise gr.Error(as_text(str(error)), print_exception=False) from None
        except gr.Error as error:
            error.message, error.print_exception = as_text(error.message), False
            raise


def _formed(block: Any, value: Any) -> Any:
    """A value in the form that the page sends it in; a program may send null, or one choice for several."""
    if isinstance(block, gr.Textbox):
        return value or ""
    if not isinstance(block, gr.Dropdown):
        return value
    if block.multiselect:
        return value if isinstance(value, list) else [] if value is None else [value]
    if isinstance(value, list):
        raise InputError(_MALFORMED)
    return value


def as_text(message: str) -> str:
    """A message in which nothing is HTML, for `gr.Error` and `gr.Warning`. Quotes stay: programs read it too.

    What a visitor gave may be long, and is told back in part.
    """
    if len(message) > _MOST_SHOWN:
        message = f"{message[: _MOST_SHOWN // 2]} ... {message[-_MOST_SHOWN // 2 :]}"
    return str(escape(printable(message))).replace("&#39;", "'").replace("&#34;", '"')


def warn(message: str) -> None:
    """`gr.Warning`, as text."""
    gr.Warning(as_text(message))
