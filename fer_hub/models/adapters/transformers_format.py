"""Folders written by transformers' save_pretrained: config.json, preprocessor_config.json, model.safetensors."""

from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, Field

from fer_hub.errors import InputError
from fer_hub.files import CONFIG_FILE, PROCESSOR_FILE
from fer_hub.models.adapters.files import check_sizes, check_total, read_as, read_json, read_weights, refused
from fer_hub.models.adapters.formats import label_words
from fer_hub.models.adapters.network import Triple, as_classifier, describe_input
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import ModelConfig

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


def describe(folder: Path) -> tuple[ModelConfig, int]:
    """The model of a folder, and the side in pixels of the centre of a crop that it sees. Raises InputError."""
    config = read_json(folder, CONFIG_FILE)
    family = config.get("model_type")
    if "auto_map" in config:
        raise InputError(f"{folder} brings code of its own, which is never run; only plain models can be used.")
    if family not in FAMILIES or config.get("quantization_config"):
        raise InputError(
            f"{folder} is a transformers model of type {family!r}; those that work: {', '.join(FAMILIES)}."
        )
    if config.get("problem_type") in ("multi_label_classification", "regression"):
        raise InputError(f"{folder} does not choose between its labels ({config['problem_type']}); it cannot be used.")
    words = label_words("transformers", config, folder)
    processor = read_as(Processor, read_json(folder, PROCESSOR_FILE), folder / PROCESSOR_FILE)
    if not processor.do_rescale:
        raise InputError(f"{folder / PROCESSOR_FILE} does not scale pixels to 0-1; the model cannot be used.")
    statistics = (processor.image_mean, processor.image_std)
    if not processor.do_normalize:
        statistics = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    sizes = processor.sizes()
    return describe_input(f"{family} (transformers)", words, sizes, statistics, folder), sizes[1]


def load(folder: Path, device: torch.device | str) -> ExpressionClassifier:
    """Build and load the model of a folder. Raises InputError."""
    described, side = describe(folder)
    config = read_json(folder, CONFIG_FILE)
    words = label_words("transformers", config, folder)
    settings = {
        name: value
        for name, value in config.items()
        # How attention is computed can name code on the Hub.
        if name not in _NOT_SETTINGS and not name.startswith("_") and "attn_implementation" not in name
    }
    check_sizes(settings, folder)
    network = _build(config["model_type"], settings, len(words), folder)
    return as_classifier(network, described, words, side, folder, device)


def _build(family: str, settings: dict[str, Any], classes: int, folder: Path) -> torch.nn.Module:
    try:
        import transformers  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise InputError(
            f"{folder} is a transformers model, and that is not installed: pip install transformers."
        ) from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tensors = read_weights(folder)
    with refused(folder):
        config = transformers.AutoConfig.for_model(family, num_labels=classes, **settings)
        builder: Any = transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING[type(config)]
        with torch.device("meta"):
            check_total(builder(config), tensors, folder)
        # No folder is given: these tensors are all there is to load. from_pretrained knows the names of older releases.
        network: torch.nn.Module
        network, report = builder.from_pretrained(
            None, config=config, state_dict=tensors, output_loading_info=True, dtype=torch.float32
        )
    if missing := sorted(map(str, (*report["missing_keys"], *report["mismatched_keys"]))):
        raise InputError(f"{folder} does not fit its configuration: no fitting tensor for {', '.join(missing[:3])}.")
    return network


def _side(size: int | dict[str, int]) -> int:
    """The side that a processor's size speaks of; -1 where that is no square."""
    if isinstance(size, int):
        return size
    sides = {size[name] for name in ("height", "width", "shortest_edge") if name in size}
    return sides.pop() if len(sides) == 1 else -1
