"""Tiny untrained image classifiers, written by the libraries of others in their own format."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import save_for_hf
from torch import nn
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

WORDS = ("Anger", "disgusted", "fearful", "happy", "SADNESS", "surprised", "neutral")


def write_vit(folder: Path, words: Sequence[str] = WORDS, **changes: Any) -> nn.Module:
    """A vision transformer of 16 units for crops of 32 px; `changes` go into its configuration."""
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        initializer_range=0.5,  # so that answers differ from picture to picture
        id2label=dict(enumerate(words)),
        label2id={word: position for position, word in enumerate(words)},
        **changes,
    )
    model = ViTForImageClassification(config).eval()
    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.4] * 3, image_std=[0.2] * 3).save_pretrained(
        folder
    )
    return model


def write_timm(folder: Path, words: Sequence[str] = WORDS) -> nn.Module:
    """timm's smallest residual network."""
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=len(words)).eval()
    save_for_hf(model, str(folder), model_config={"label_names": list(words)}, safe_serialization=True)
    return model
