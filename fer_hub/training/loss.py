"""The loss: cross-entropy with the targets, and with the labels of auxiliary columns."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.training.config.groups import TargetsConfig
from fer_hub.training.targets import TrainingTargets


class Loss:
    """The loss of a batch, and the logits it came from."""

    def __init__(self, config: TargetsConfig, targets: TrainingTargets, device: torch.device) -> None:
        """Of `targets` come how much each expression counts and, for `logit_adjustment`, their shares.

        That multiple of the shares' logarithms is added to the logits in training alone (Menon et al. 2021, Long-tail
        learning via logit adjustment, arXiv 2007.07314): the network itself then favours no frequent expression for
        being frequent.
        """
        weights = targets.class_weights
        self._smoothing, self._auxiliary_weight = config.label_smoothing, config.auxiliary_weight
        self._weights = None if weights is None else weights.to(device)
        self._added = config.logit_adjustment * targets.log_prior.to(device)

    def __call__(
        self, network: nn.Module, inputs: Tensor, targets: Tensor, auxiliary: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """`targets` are `(N,)` labels or `(N, K)` distributions; `auxiliary` holds `(N,)` labels, -1 where unknown."""
        outputs = network(inputs)
        logits, answers = outputs if isinstance(outputs, tuple) else (outputs, {})
        loss = F.cross_entropy(logits + self._added, targets, self._weights, label_smoothing=self._smoothing)
        for column, labels in auxiliary.items():
            if (labels >= 0).any():
                loss = loss + self._auxiliary_weight * F.cross_entropy(answers[column], labels, ignore_index=-1)
        return loss, logits
