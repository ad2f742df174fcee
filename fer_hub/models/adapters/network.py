"""Another library's network as one of ours: its labels matched by name, its input described by a ModelConfig."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fer_hub.errors import InputError
from fer_hub.models.adapters.files import Triple, refused
from fer_hub.models.adapters.formats import match_labels
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import ModelConfig
from fer_hub.vision.geometry import FER2013_GEOMETRY


class ForeignNetwork(nn.Module):
    """Another library's network between our preprocessing and our labels.

    `(N, C, S, S)` float -> `(N, K)`: the centre of the picture through the network, and for each label the
    log of the summed exponentials of its outputs, so that a softmax gives the summed probabilities.
    """

    def __init__(self, network: nn.Module, side: int, columns: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.network, self.side, self.columns = network, side, [list(column) for column in columns]

    def forward(self, inputs: Tensor) -> Tensor:
        margin = (inputs.shape[-1] - self.side) // 2
        answer = self.network(inputs[..., margin : margin + self.side, margin : margin + self.side])
        logits = getattr(answer, "logits", answer)  # transformers wraps them
        return torch.stack([logits[:, column].logsumexp(dim=1) for column in self.columns], dim=1)


def describe_input(
    architecture: str, words: Sequence[str], sizes: tuple[int, int], statistics: tuple[Triple, Triple], folder: Path
) -> ModelConfig:
    """What another library's configuration says of a network, as ours says it.

    Args:
        architecture: as lists of models show it.
        words: the label of each output.
        sizes: the side to which a crop is resized, and the side of its centre that the network sees, in pixels.
        statistics: mean and std of each channel, of pixel values scaled to 0-1.
        folder: named in errors.

    Crop geometry is not part of the others' formats. FER-2013's, at the model's size, is the default: most such
    models are trained on its pictures, or on crops as tight. The temperature is 1: nobody has calibrated them here.
    """
    (size, side), (mean, std) = sizes, statistics
    if not 16 <= side <= size <= 512:
        raise InputError(
            f"{folder} asks for crops of {size} px, of which it sees {side}; square ones of 16 to 512 can be used."
        )
    scale = size / FER2013_GEOMETRY.size
    values = {
        "architecture": architecture[:64],
        "dropout": 0.0,
        "labels": match_labels(words, folder)[0],
        "input_size": size,
        "channels": 3,
        "grey": False,
        "mean": mean,
        "std": std,
        "crop": {"size": size, "landmarks": [[x * scale, y * scale] for x, y in FER2013_GEOMETRY.landmarks]},
    }
    return ModelConfig.from_json(json.dumps(values), str(folder))


def as_classifier(
    network: nn.Module, config: ModelConfig, words: Sequence[str], side: int, folder: Path, device: torch.device | str
) -> ExpressionClassifier:
    """Wrap a network that has its weights, and let it answer one picture; `words` and `side` as in `describe_input`."""
    _, columns = match_labels(words, folder)
    classifier = ExpressionClassifier(ForeignNetwork(network, side, columns), config, device)
    size, labels = config.input_size, config.labels
    with refused(folder):
        logits = classifier.logits(torch.zeros(1, 3, size, size, dtype=torch.uint8))
    if logits.shape != (1, len(labels)) or not logits.isfinite().all():
        raise InputError(f"{folder} does not give one finite number for each of its labels.")
    return classifier
