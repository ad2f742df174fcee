"""Which library wrote a model folder, and what its outputs mean; read from config.json, without that library or torch.

A label without counterpart keeps its own name and its share: handing that share to the expressions would make the
model look surer of them than it is. Labels that name the same expression are added up.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from fer_hub.errors import InputError
from fer_hub.expressions import expression_of
from fer_hub.files import CONFIG_FILE
from fer_hub.models.adapters.files import read_json

Library = Literal["transformers", "timm"]


def foreign_format(folder: Path) -> Library | None:
    """The library that wrote a folder; None for any other folder.

    Raises InputError where its labels are not expressions: such a model is of no use here.
    """
    config = read_json(folder, CONFIG_FILE)
    if "model_type" in config or "id2label" in config:
        library: Library = "transformers"
    elif "pretrained_cfg" in config:
        library = "timm"
    else:
        return None
    match_labels(label_words(library, config, folder), folder)
    return library


def label_words(library: Library, config: dict[str, Any], folder: Path) -> list[str]:
    """The label of each output, as a config.json of that library says it."""
    if library == "transformers":
        return _in_order(config.get("id2label"), folder)
    pretrained = config["pretrained_cfg"] if isinstance(config["pretrained_cfg"], dict) else {}
    return _in_order(config.get("label_names") or pretrained.get("label_names"), folder)


def match_labels(words: Sequence[str], folder: Path) -> tuple[tuple[str, ...], list[list[int]]]:
    """Our names for a model's labels, and for each the positions of its outputs."""
    found: dict[str, list[int]] = {}
    for position, word in enumerate(words):
        found.setdefault(expression_of(word) or word.strip().lower(), []).append(position)
    known = sum(expression_of(word) is not None for word in words)
    if known < 2 or known <= len(words) / 2:
        shown = ", ".join(repr(word[:24]) for word in words[:8]) + (", ..." if len(words) > 8 else "")
        raise InputError(f"{folder} is no model of facial expressions: its labels are {shown or 'not given'}.")
    return tuple(found), list(found.values())


def _in_order(words: Any, folder: Path) -> list[str]:
    """Label words in the order of the outputs, from a list, or from an object of position -> word."""
    if isinstance(words, dict) and set(words) == {str(position) for position in range(len(words))}:
        words = [words[str(position)] for position in range(len(words))]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{folder / CONFIG_FILE} does not say what its outputs mean, one label each.")
    return words
