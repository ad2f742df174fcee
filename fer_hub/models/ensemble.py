"""Ensemble: several classifiers of the same expressions, used as one."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fer_hub.errors import InputError
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import Head
from fer_hub.models.heads import Answers, average_heads
from fer_hub.models.preprocessing import read_crop


class Ensemble:
    """Averages the calibrated probabilities of its models, matched by the names of their labels."""

    def __init__(self, classifiers: Sequence[ExpressionClassifier], labels: tuple[str, ...] | None = None) -> None:
        """Put models together.

        Args:
            classifiers: one or more; the order of their labels may differ.
            labels: which expressions are asked for, in order. A model that knows more shares out its probability
                among these. None: those of the first model, and all models must know exactly the same.

        Raises:
            InputError: there is no model, or one does not know what is asked for.
        """
        if not classifiers:
            raise InputError("an ensemble needs at least one model.")
        self.classifiers = tuple(classifiers)
        self.labels = classifiers[0].config.labels if labels is None else labels
        for classifier in classifiers:
            known = classifier.config.labels
            if labels is None and set(known) != set(self.labels):
                raise InputError(
                    f"models with different expressions make no ensemble: {', '.join(self.labels)} and "
                    f"{', '.join(known)}."
                )
            if missing := sorted(set(self.labels) - set(known)):
                raise InputError(f"a model that knows {', '.join(known)} cannot name {', '.join(missing)}.")

    @property
    def heads(self) -> dict[str, Head]:
        """What else it answers: the heads of all its models, see `average_heads`."""
        return {name: head for each in reversed(self.classifiers) for name, head in each.config.heads.items()}

    @property
    def temperature(self) -> float:
        """What its answers were calibrated with: a single model's temperature, 1 for several."""
        return self.classifiers[0].config.temperature if len(self.classifiers) == 1 else 1.0

    def probabilities(self, crops: Tensor | Sequence[Tensor]) -> Tensor:
        """Name the expression in face crops.

        Args:
            crops: `(N, C, H, W)` uint8, 0-255, grey or RGB, for all models; or such a batch for each model in order,
                cut as its `config.crop` says.

        Returns:
            `(N, K)` float64, columns in `labels` order, rows sum to 1; the mean over the models.
        """
        return self.answers(crops).probabilities

    def answers(self, crops: Tensor | Sequence[Tensor]) -> Answers:
        """The same, with what the models' further heads answer: a mean over those that have the head."""
        batches = [crops] * len(self.classifiers) if isinstance(crops, Tensor) else crops
        answers = [each.answers(batch) for each, batch in zip(self.classifiers, batches, strict=True)]
        shares = [self._asked(each, said) for each, said in zip(self.classifiers, answers, strict=True)]
        members = [(each.config.heads, said.heads) for each, said in zip(self.classifiers, answers, strict=True)]
        return Answers(torch.stack(shares).mean(dim=0), average_heads(members))

    def crops(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        """HWC uint8 RGB face crops of any size -> for each model `(N, C, S, S)` of the size and colour it takes."""
        configs = [classifier.config for classifier in self.classifiers]
        return [torch.stack([read_crop(p, config.crop.size, config.grey) for p in pictures]) for config in configs]

    def _asked(self, classifier: ExpressionClassifier, answers: Answers) -> Tensor:
        """Of a model's probabilities those that are asked for, in order."""
        known = classifier.config.labels
        asked = answers.probabilities[:, [known.index(label) for label in self.labels]]
        return asked if len(known) == len(self.labels) else asked / asked.sum(dim=1, keepdim=True)
