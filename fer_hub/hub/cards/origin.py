"""Where a model's weights come from, for its card: data, recipe, what they started from, licence."""

import re
import shlex
from pathlib import Path
from typing import Any

from fer_hub.data.sources import SOURCES
from fer_hub.errors import plain
from fer_hub.hub.references import bundled_models
from fer_hub.models import ModelConfig, find_architecture

RANDOM = "random weights"
_NOT_RECORDED = "not recorded"
# Settings that say where files lie or what is shown, and nothing about the weights.
_ELSEWHERE = (
    *("dataset", "output", "image_column", "label_column", "device", "resume", "dry_run", "preview_augmentation"),
    *("track", "push", "private", "architecture", "input_size"),
)


def licence_of(config: ModelConfig) -> str:
    """The weights' licence as the Hub names it: `other` where they started from somebody else's."""
    return "apache-2.0" if _all_ours(config) else "other"


def _all_ours(config: ModelConfig) -> bool:
    """Whether no weights of somebody else are in these: what is bundled started from random weights too."""
    return config.training.get("started_from") in (RANDOM, *(f"the model {name}" for name in bundled_models()))


def training_text(config: ModelConfig) -> str:
    training = config.training
    images = training.get("images")
    settings, versions = (_pairs(training.get(name)) for name in ("config", "versions"))
    count = f"{images:,} pictures of " if isinstance(images, int) else ""
    return f"""On {count}`{recorded(config, "dataset")}` (revision `{recorded(config, "dataset_revision")}`).
{_terms(config)}

```
{_command(training.get("command"))}
```

Settings: {", ".join(settings) or _NOT_RECORDED}.

Versions: {", ".join(versions) or _NOT_RECORDED}."""


def licence_text(config: ModelConfig) -> str:
    started_from = config.training.get("started_from")
    if _all_ours(config):
        return "The weights: Apache 2.0. The pictures they were trained on have terms of their own, as said above."
    published = find_architecture(config.architecture).native_weights
    terms = (
        published.licence
        if published is not None and started_from == published.name
        else "The terms of what they started from hold for the weights too."
    )
    return f"The weights started from {recorded(config, 'started_from')}. {terms}"


def _terms(config: ModelConfig) -> str:
    """What is known of a dataset by its name; a copy seldom says it itself."""
    name = Path(str(config.training.get("dataset", "")).partition("@")[0]).name.lower()
    source = SOURCES.get(re.sub(r"[^a-z0-9]", "", name))
    if source is None or source is SOURCES["folder"]:
        return "The licence of the pictures is not recorded here; whoever published them can say."
    return f"By its name that is {source.title}. {source.terms}"


def _command(command: Any) -> str:
    try:
        return shlex.join(plain(part, 300) for part in shlex.split(str(command or _NOT_RECORDED)[:5000]))
    except ValueError:  # quotes that do not close
        return plain(str(command), 5000)


def recorded(config: ModelConfig, name: str) -> str:
    value = config.training.get(name)
    return _NOT_RECORDED if value in (None, "") else plain(str(value), 200)


def _pairs(values: Any) -> list[str]:
    """`name value` of what is set."""
    if not isinstance(values, dict):
        return []
    known = [(name, value) for name, value in values.items() if name not in _ELSEWHERE]
    chosen = [(name, value) for name, value in known if value not in (None, False, 0, "", "no", "none", [], ())]
    return [plain(f"{name.replace('_', ' ')} {_spoken(value)}".strip()) for name, value in chosen[:80]]


def _spoken(value: Any) -> str:
    if value is True:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
