"""Short messages on a page."""

from collections.abc import Iterable

from markupsafe import Markup

from fer_hub.demo.views.templating import render


def alert(text: str) -> Markup:
    """What went wrong, which a screen reader says at once."""
    return hint(text, role="alert")


def hint(text: str, role: str = "status") -> Markup:
    """What to do, or what is going on, in a box."""
    return render("page/hint", text=text, role=role)


def notes(sentences: Iterable[str]) -> Markup:
    """Small print, a paragraph a sentence."""
    return render("page/notes", sentences=sentences)


def heading(title: str, text: str = "") -> Markup:
    """The title of a section, and what it is about."""
    return render("page/heading", title=title, text=text)
