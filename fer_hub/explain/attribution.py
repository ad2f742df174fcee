"""Which part of a face decided for an expression.

A network that has one shows its own attention map: a method `attention_map(inputs) -> (N, 1, h, w)`, 0 and up, of the
normalised input. For all others a patch is blurred, place by place, and it is noted how much less probable the
expression becomes: occlusion sensitivity (Zeiler and Fergus, ECCV 2014; captum, BSD-3-Clause).

Grad-CAM was tried first. The last feature map of `fer-live` is 3 x 3, on which every face gets nearly the same map, and
that of `simple_cnn` lights up single dots. Painting over the tenth of a crop that the map calls most important takes
15.5 and 10 points from the named expression with Grad-CAM, 31 and 31 with occlusion, 6 and 5 at random:
tests/benchmarks/explanations.py.
"""

import numpy as np
import torch
from captum.attr import Occlusion
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as TF

from fer_hub.errors import InputError
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.preprocessing import preprocess

_PATCHES_AT_ONCE = 64


def has_attention(network: nn.Module) -> bool:
    """Whether a network shows its own attention map."""
    return callable(getattr(network, "attention_map", None))


def explain(classifier: ExpressionClassifier, crop: np.ndarray, expression: str) -> np.ndarray:
    """Return where in a crop the model saw an expression.

    Args:
        classifier: the model.
        crop: HWC uint8 RGB, 0-255, an aligned face such as `FaceExpression.crop`.
        expression: one of the model's labels.

    Returns:
        `(H, W)` float32, 0-1, in the crop's pixels: the probability that the expression loses when a patch there is
        blurred; or the network's own attention, 1 where it is highest.

    Raises:
        InputError: the model has no such label.
    """
    if expression not in classifier.config.labels:
        raise InputError(f"this model has no expression {expression!r}; it has: {', '.join(classifier.config.labels)}.")
    batch = torch.from_numpy(crop).permute(2, 0, 1)[None]
    network_map = _attention if has_attention(classifier.network) else _occlusion
    return network_map(classifier, batch, classifier.config.labels.index(expression)).clamp(0, 1).numpy()


@torch.inference_mode()
def _occlusion(classifier: ExpressionClassifier, crop: Tensor, label: int) -> Tensor:
    """Patches are a quarter of the crop wide: the size of an eye or of half a mouth."""
    channels, height, width = crop.shape[1:]
    patch, stride = max(min(height, width) // 4, 1), max(min(height, width) // 12, 1)
    kernel = 2 * patch + 1
    drop = Occlusion(lambda crops: classifier.probabilities(crops.round().byte())).attribute(
        crop.float(),
        target=label,
        sliding_window_shapes=(channels, patch, patch),
        strides=(channels, stride, stride),
        baselines=TF.gaussian_blur(crop.float(), [kernel, kernel], [patch / 2, patch / 2]),
        perturbations_per_eval=_PATCHES_AT_ONCE,
    )
    return _smooth(drop.float()[:, :1], stride)[0, 0]


@torch.inference_mode()
def _attention(classifier: ExpressionClassifier, crop: Tensor, _: int) -> Tensor:
    attention = classifier.network.attention_map(preprocess(crop.to(classifier.device), classifier.config))  # type: ignore[operator]
    whole = TF.resize(attention.float().cpu(), list(crop.shape[-2:]), antialias=True)[0, 0]
    scaled: Tensor = whole / whole.max().clamp(min=1e-6)
    return scaled


def _smooth(heat: Tensor, stride: int) -> Tensor:
    """Level the steps that the patches leave, one stride wide."""
    kernel = 2 * stride + 1
    smooth: Tensor = TF.gaussian_blur(heat, [kernel, kernel], [stride / 2, stride / 2])
    return smooth
