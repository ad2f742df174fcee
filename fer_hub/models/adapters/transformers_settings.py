"""What a configuration written by transformers says of an image network, read as data, without that library."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from fer_hub.errors import InputError
from fer_hub.models.adapters.files import Triple

FAMILIES = (
    *("beit", "convnext", "convnextv2", "data2vec-vision", "deit", "dinov2", "hiera", "mobilenet_v2", "pvt_v2"),
    *("regnet", "resnet", "segformer", "swin", "swinv2", "vit", "vit_msn"),
)
"""Model types that are built: those that are an image classifier and nothing else. Others can name further weights."""

_NOT_SETTINGS = ("architectures", "model_type", "id2label", "label2id", "dtype", "torch_dtype", "transformers_version")


class Processor(BaseModel):
    """What we use of a preprocessor_config.json."""

    size: int | dict[str, int]
    crop_size: int | dict[str, int] | None = None
    do_center_crop: bool | None = None
    crop_pct: float | None = Field(default=None, ge=0.5, le=1)
    do_rescale: bool = True
    rescale_factor: float = Field(default=1 / 255, gt=0.99 / 255, lt=1.01 / 255)
    do_normalize: bool = True
    image_mean: Triple = (0.0, 0.0, 0.0)
    image_std: Triple = (1.0, 1.0, 1.0)

    def sizes(self) -> tuple[int, int]:
        """Side to which a picture is resized, and side of its centre that the network sees."""
        size = _side(self.size)
        if self.crop_pct is not None and size < 384:  # ConvNeXt's way to say it
            return int(size / self.crop_pct), size
        return size, _side(self.crop_size) if self.do_center_crop and self.crop_size else size


def plain_settings(config: dict[str, Any], source: Path) -> dict[str, Any]:
    """What of a transformers configuration makes the network. Raises InputError where that is no plain one."""
    family = config.get("model_type")
    if "auto_map" in config:
        raise InputError(f"{source} brings code of its own, which is never run; only plain models can be used.")
    if family not in FAMILIES or config.get("quantization_config"):
        raise InputError(
            f"{source} is a transformers model of type {family!r}; those that work: {', '.join(FAMILIES)}."
        )
    return {
        name: value
        for name, value in config.items()
        # How attention is computed can name code on the Hub.
        if name not in _NOT_SETTINGS and not name.startswith("_") and "attn_implementation" not in name
    }


def _side(size: int | dict[str, int]) -> int:
    """The side that a processor's size speaks of; -1 where that is no square."""
    if isinstance(size, int):
        return size
    sides = {size[name] for name in ("height", "width", "shortest_edge") if name in size}
    return sides.pop() if len(sides) == 1 else -1
