"""A stranger's Markdown as harmless HTML: no HTML of its own, no pictures from elsewhere, no addresses that run."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n---\s*(\n|\Z)", re.DOTALL)


def harmless_html(text: str) -> str:
    """CommonMark with tables as HTML; HTML in it is shown as text, a picture as what it stands for."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _described)
    parser.add_render_rule("link_open", _opened_elsewhere)
    return str(parser.render(_FRONT_MATTER.sub("", text)))


def _described(_: Any, tokens: Any, index: int, *__: Any) -> str:
    """The words of a picture; the picture itself would tell its server who reads this."""
    return f"<em>[picture: {escapeHtml(tokens[index].content) or 'without words'}]</em>"


def _opened_elsewhere(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A link in a tab of its own, whose page learns nothing about this one."""
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    return str(renderer.renderToken(tokens, index, options, env))
