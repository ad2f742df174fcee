"""The loss: cross-entropy with the targets, and with the labels of auxiliary columns."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.training.config import FinetuneConfig


class Loss:
    """The loss of a batch, and the logits it came from."""

    def __init__(self, config: FinetuneConfig, weights: Tensor | None = None, log_prior: Tensor | float = 0.0) -> None:
        """`weights` is `(K,)`, how much each expression counts; None for alike. `log_prior` is `(K,)`, of their shares.

        With `logit_adjustment`, that multiple of the log prior is added to the logits in training alone (Menon et al.
        2021, Long-tail learning via logit adjustment, arXiv 2007.07314): the network itself then favours no frequent
        expression for being frequent.
        """
        self._smoothing, self._auxiliary_weight = config.label_smoothing, config.auxiliary_weight
        self._weights, self._added = weights, config.logit_adjustment * log_prior

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


def mixup(inputs: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each picture and its `(N, K)` target with another's of the batch (Zhang et al. 2018, arXiv 1710.09412)."""
    share = torch.distributions.Beta(alpha, alpha).sample().to(inputs.device)
    partner = torch.randperm(len(inputs)).to(inputs.device)
    return share * inputs + (1 - share) * inputs[partner], share * targets + (1 - share) * targets[partner]
