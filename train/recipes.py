"""Named settings to start from: what `--recipe` stands for. Flags override them."""

from typing import Any

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
        "gradient_clip": 5.0,
        "averaging": 0.998,
        "rotation": 15.0,
        "shear": 0.1,
        "zoom": 0.15,
        "translation": 0.12,
        "brightness": 0.3,
        "contrast": 0.3,
        "occlusion": 0.3,
    },
}
