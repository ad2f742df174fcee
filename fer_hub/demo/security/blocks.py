"""Gradio's Blocks, with what every function of the demo has in common, so that none can forget it."""

from typing import Any

import gradio as gr
from anyio import to_thread
from markupsafe import escape

from fer_hub.demo.security.deadline import REQUEST_SECONDS, deadline
from fer_hub.demo.security.shares import share_queue
from fer_hub.demo.security.uploads import check_uploads
from fer_hub.errors import InputError


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
        checked: list[Any] = await super().preprocess_data(block_fn, inputs, *others, **named)
        return checked

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Whatever goes wrong in words is said in words: Gradio's page would show them as HTML."""
        try:
            with deadline(REQUEST_SECONDS):
                if (event := named.get("event_data")) is not None:
                    await to_thread.run_sync(check_uploads, event._data)
                return await super().process_api(*arguments, **named)
        except InputError as error:
            raise gr.Error(as_text(str(error)), print_exception=False) from None
        except gr.Error as error:
            error.message = as_text(error.message)
            raise


def as_text(message: str) -> str:
    """A message in which nothing is HTML, for `gr.Error` and `gr.Warning`. Quotes stay: programs read it too."""
    return str(escape(message)).replace("&#39;", "'").replace("&#34;", '"')


def warn(message: str) -> None:
    """`gr.Warning`, as text."""
    gr.Warning(as_text(message))
