"""Folders written by transformers' save_pretrained: config.json, preprocessor_config.json, model.safetensors."""

from pathlib import Path
from typing import Any

import torch

from fer_hub.errors import InputError
from fer_hub.files import CONFIG_FILE, PROCESSOR_FILE
from fer_hub.models.adapters.files import check_sizes, check_total, read_as, read_json, read_weights, refused
from fer_hub.models.adapters.formats import label_words
from fer_hub.models.adapters.network import as_classifier, describe_input
from fer_hub.models.adapters.transformers_settings import Processor, plain_settings
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import ModelConfig


def describe(folder: Path) -> tuple[ModelConfig, int]:
    """The model of a folder, and the side in pixels of the centre of a crop that it sees. Raises InputError."""
    config = read_json(folder, CONFIG_FILE)
    family = config.get("model_type")
    plain_settings(config, folder)
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
    settings = plain_settings(config, folder)
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
