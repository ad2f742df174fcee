"""Named settings to start from: what `--recipe` stands for. Flags override them."""

from typing import Any, NamedTuple

from fer_hub.hub.references import resolve

RECIPES: dict[str, dict[str, Any]] = {
    # The report's: Adam reduced on a plateau, cross-entropy, flip, rotation, shear, zoom. The defaults of every field.
    "report": {},
    # Small residual networks from scratch on 48 px crops. Underfits before it overfits: more epochs help first.
    "compact": {
        "architecture": "compact_small",
        "epochs": 60,
        "stopping_patience": 60,
        "batch_size": 128,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "weight_decay": 5e-4,
        "schedule": "cosine",
        "label_smoothing": 0.1,
        "max_grad_norm": 5.0,
        "ema_decay": 0.998,
        "tta_flip": True,
        "rotation": 15.0,
        "shear": 0.1,
        "zoom": 0.15,
        "translation": 0.12,
        "brightness": 0.3,
        "contrast": 0.3,
        "random_erasing": 0.3,
    },
    # A network that knows pictures already: its last layer learns first, then all of it, slower towards the pictures.
    "transfer": {
        "architecture": "resnet18",
        "input_size": 112,
        "epochs": 15,
        "stopping_patience": 15,
        "freeze_epochs": 1,
        "backbone_rate": 0.1,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "label_smoothing": 0.1,
        "max_grad_norm": 5.0,
        "dropout": 0.3,
        "translation": 0.1,
        "brightness": 0.3,
        "contrast": 0.3,
        "random_erasing": 0.3,
    },
}


class _Note(NamedTuple):
    what: str
    bundled: str | None
    """A bundled model that was trained this way: what the recipe reaches is read from its evaluation."""
    costs: str


_EPOCH = "{} s an epoch of FER-2013's 28,709 pictures on two CPU cores"
_NOTES = {
    "report": _Note("Adam on a small network, as the report did; the default", "simple_cnn", _EPOCH.format(33)),
    "compact": _Note(
        "small residual networks from scratch, with more augmentation",
        "fer2013-compact",
        _EPOCH.format(76) + ", with compact_small",
    ),
    "transfer": _Note("ResNet-18 from ImageNet, its last layer first", None, _EPOCH.format(420)),
}


def describe_recipes() -> str:
    """A paragraph for each recipe: its settings, what it reaches and what it costs, as far as measured."""
    return "\n\n".join(f"{name}: {note.what}\n{_describe(name, note)}" for name, note in _NOTES.items())


def _describe(name: str, note: _Note) -> str:
    settings = " ".join(f"--{field.replace('_', '-')} {value}" for field, value in RECIPES[name].items())
    return f"  settings  {settings or 'the defaults'}\n  reaches   {_reached(note.bundled)}\n  costs     {note.costs}"


def _reached(bundled: str | None) -> str:
    if bundled is None:
        return "not measured"
    report, config = resolve(bundled).evaluation, resolve(bundled).config
    return (
        f"{report.accuracy:.1%} on {report.split} of {report.dataset}, in at most "
        f"{config.training['config']['epochs']} epochs (the bundled model {bundled}; train/reproduce.py has its flags)"
    )
