"""Short messages on a page."""

from collections.abc import Iterable, Sequence
from time import monotonic

from markupsafe import Markup

from fer_hub.demo.state.examples import Example
from fer_hub.demo.views.templating import render


def alert(text: str) -> Markup:
    """What went wrong, which a screen reader says at once."""
    return render("page/hint", text=text, role="alert")


def hint(text: str) -> Markup:
    """What to do, or what is going on, in a box."""
    return render("page/hint", text=text, role="status")


def notes(sentences: Iterable[str]) -> Markup:
    """Small print, a paragraph a sentence."""
    return render("page/notes", sentences=sentences)


def heading(title: str, text: str = "") -> Markup:
    """The title of a section, and what it is about."""
    return render("page/heading", title=title, text=text)


def drop_zone(words: str, accept: str, most: int, pictures: bool = False, examples: Sequence[Example] = ()) -> Markup:
    """A line that takes at most `most` files, for scripts/drop_zone.js; `pictures` can be taken and pasted too."""
    return render("page/drop_zone", words=words, accept=accept, most=most, pictures=pictures, examples=examples)


def progress(doing: str, share: float, began: float) -> Markup:
    """A bar, with the time left once there is something to judge it by; `began` as by `time.monotonic`."""
    spent = monotonic() - began
    left = max(round(spent / share - spent), 1) if share > 0.02 else None
    return render("page/progress", doing=doing, share=share, left=left)


def waiting(words: str, share: float | None = None) -> Markup:
    """A quiet bar; `share` is what is done, None where it is not known."""
    return render("page/waiting", words=words, share=share)
