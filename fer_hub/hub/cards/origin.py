"""Where a model's weights come from, for its card: data, recipe, what they started from, licence."""

import shlex
from typing import Any

from fer_hub.errors import plain
from fer_hub.hub.references import bundled_models
from fer_hub.models import find_architecture
from fer_hub.models.config import ModelConfig
from fer_hub.models.pretrained import HubWeights, PretrainedWeights
from fer_hub.models.torchvision_classifier import TorchvisionClassifier
from fer_hub.published_datasets import PUBLISHED_DATASETS, find_published, without_path

RANDOM = "random weights"
_NOT_RECORDED = "not recorded"

# Settings that say where files lie or what is shown, and nothing about the weights.
_ELSEWHERE = (
    *("dataset", "output", "image_column", "label_column", "device", "resume", "dry_run", "preview_augmentation"),
    *("track", "push", "private", "public", "purpose", "architecture", "input_size"),
)

# Settings that have an effect only with one of some others: name -> (their names, their values with an effect; none:
# any).
_ONLY_WITH = {
    "plateau_patience": (("schedule",), ("plateau",)),
    "warmup_share": (("schedule",), ("cosine", "onecycle")),
    "distillation": (("teacher",), ()),
    "auxiliary_weight": (("auxiliary", "values"), ()),
}

# Settings that change nothing where they are 1.
_NEUTRAL_AT_ONE = ("accumulation", "gradient_accumulation_steps", "backbone_rate")

# Settings of how weights are taken over that were trained before.
_ONLY_PRETRAINED = ("pretrained", "pretrained_weights", "backbone_rate", "freeze_epochs", "init_from")


def licence_of(config: ModelConfig) -> str:
    """The weights' licence as the Hub names it: `other` where they started from somebody else's."""
    return "apache-2.0" if _all_ours(config) else "other"


def _all_ours(config: ModelConfig) -> bool:
    """Whether no weights of somebody else are in these: what is bundled started from random weights too."""
    return config.training.get("started_from") in (RANDOM, *(f"the model {name}" for name in bundled_models()))


def without_paths(record: Any) -> Any:
    """What a model folder's JSON says of where it comes from, as it is published: see `without_path`."""
    if isinstance(record, dict):
        return {name: _command(said) if name == "command" else without_paths(said) for name, said in record.items()}
    if isinstance(record, list):
        return [without_paths(said) for said in record]
    return without_path(record) if isinstance(record, str) else record


def dataset_title(reference: str) -> str:
    """What a dataset is called: by the name of one that is published, otherwise by its own."""
    published, name = find_published(reference), plain(without_path(reference))
    return f"{published.title} (`{name}`)" if published else f"`{name}`"


def track_figures(reference: str) -> dict[str, str]:
    """Whose opinion a dataset's labels are, and what other labels of the same pictures are called."""
    published = find_published(reference)
    others = PUBLISHED_DATASETS.get(published.others) if published else None
    return {"labels_are": published.labels if published else "", "other_track": others.track if others else ""}


def training_figures(config: ModelConfig) -> dict[str, Any]:
    """How the weights were made, as far as it is recorded."""
    training = config.training
    images, dataset = training.get("images"), training.get("dataset")
    published = find_published(str(dataset or ""))
    return {
        "dataset": dataset_title(str(dataset)) if dataset else _NOT_RECORDED,
        "images": f"{images:,} pictures of " if isinstance(images, int) else "",
        "revision": _recorded(config, "dataset_revision"),
        "started_from": _recorded(config, "started_from"),
        "terms": (
            f"By its name that is {published.title}. {published.terms}"
            if published
            else "The licence of the pictures is not recorded here; whoever published them can say."
        ),
        "command": _command(training.get("command")),
        "settings": _settings(config) or [_NOT_RECORDED],
        "versions": _pairs(training.get("versions")) or [_NOT_RECORDED],
    }


def licence_text(config: ModelConfig) -> str:
    """The terms of the weights."""
    started_from = config.training.get("started_from")
    if _all_ours(config):
        return "The weights: Apache 2.0. The pictures they were trained on have terms of their own, as said above."
    published = _published_weights(config)
    terms = (
        published.licence
        if published is not None and str(started_from).partition("@")[0] == published.name
        else "The terms of what they started from hold for the weights too."
    )
    return f"The weights started from {_recorded(config, 'started_from')}. {terms}"


def _published_weights(config: ModelConfig) -> PretrainedWeights | HubWeights | None:
    """Those of the architecture's published weights that these started from, as far as its library tells them apart."""
    architecture = find_architecture(config.architecture, config.backbone)
    if isinstance(architecture, TorchvisionClassifier):
        architecture = architecture.version_named(str(config.training.get("started_from")))
    return architecture.native_weights


def _command(command: Any) -> str:
    """A command line in which no place of the machine it ran on is left."""
    try:
        words = shlex.split(str(command or _NOT_RECORDED)[:5000])
    except ValueError:  # quotes that do not close
        return plain(str(command), 5000)
    return shlex.join(plain(without_path(word), 300) for word in words)


def _recorded(config: ModelConfig, name: str) -> str:
    value = config.training.get(name)
    return _NOT_RECORDED if value in (None, "") else "'".join(map(plain, without_path(str(value)[:200]).split("'")))


def _settings(config: ModelConfig) -> list[str]:
    """Those of the training's settings that had an effect."""
    settings = config.training.get("config")
    if not isinstance(settings, dict):
        return []
    left_out = {*_ELSEWHERE, *(_ONLY_PRETRAINED if config.training.get("started_from") == RANDOM else ())}
    for name, (others, values) in _ONLY_WITH.items():
        given = [settings[other] for other in others if other in settings]
        if given and not any(value in values if values else value for value in given):
            left_out.add(name)
    left_out |= {name for name in _NEUTRAL_AT_ONE if settings.get(name) == 1}
    if settings.get("init_from"):
        left_out |= {"pretrained", "pretrained_weights"}  # those of its library were not asked for
    if settings.get("pretrained_weights") == "DEFAULT":
        left_out.add("pretrained_weights")
    patience, epochs, splits = settings.get("stopping_patience"), settings.get("epochs"), config.training.get("splits")
    if isinstance(patience, int) and isinstance(epochs, int) and patience >= epochs:
        left_out.add("stopping_patience")  # nothing could stop it before its end
    if isinstance(splits, list) and "validation" in splits and "test" in splits:
        left_out.add("validation_share")  # nothing had to be carved from train
    return _pairs({name: value for name, value in settings.items() if name not in left_out})


def _pairs(values: Any) -> list[str]:
    """`name value` of what is set."""
    if not isinstance(values, dict):
        return []
    chosen = [
        (name, value) for name, value in values.items() if value not in (None, False, 0, "", "no", "none", [], ())
    ]
    return [plain(f"{name.replace('_', ' ')} {_spoken(value)}".strip()) for name, value in chosen[:80]]


def _spoken(value: Any) -> str:
    if value is True:
        return ""
    words = map(str, value) if isinstance(value, list | tuple) else [str(value)]
    return " ".join(without_path(word) for word in words)
