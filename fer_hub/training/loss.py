"""The loss: cross-entropy with the targets, and what the further heads answer beside what is known."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.models.config import Head, ModelConfig
from fer_hub.models.heads import split_outputs
from fer_hub.training.config.groups import TargetsConfig
from fer_hub.training.targets import TrainingTargets


class Loss:
    """The loss of a batch, and the logits it came from."""

    def __init__(
        self, config: TargetsConfig, model_config: ModelConfig, targets: TrainingTargets, device: torch.device
    ) -> None:
        """Of `targets` come how much each expression counts and, for `logit_adjustment`, their shares.

        That multiple of the shares' logarithms is added to the logits in training alone (Menon et al. 2021, Long-tail
        learning via logit adjustment, arXiv 2007.07314): the network itself then favours no frequent expression for
        being frequent.
        """
        weights, self._model = targets.class_weights, model_config
        self._smoothing, self._auxiliary_weight = config.label_smoothing, config.auxiliary_weight
        self._weights = None if weights is None else weights.to(device)
        self._added = config.logit_adjustment * targets.log_prior.to(device)

    def __call__(
        self, network: nn.Module, inputs: Tensor, targets: Tensor, auxiliary: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """`targets` are `(N,)` labels or `(N, K)` distributions; `auxiliary` as in `Split`."""
        logits, further = split_outputs(network(inputs), self._model)
        loss = F.cross_entropy(logits + self._added, targets, self._weights, label_smoothing=self._smoothing)
        for name, known in auxiliary.items():
            loss = loss + self._auxiliary_weight * head_loss(further[name], known, self._model.heads[name])
        return loss, logits


def head_loss(output: Tensor, known: Tensor, head: Head) -> Tensor:
    """Cross-entropy of classes, or the squared error of values in units of their spread; 0 where nothing is known."""
    told = known >= 0 if head.classes else known.isfinite()
    count = told.sum().clamp(min=1)
    if head.classes:
        return F.cross_entropy(output, known, ignore_index=-1, reduction="sum") / count
    wanted = torch.where(told, (known - head.mean) / head.std, output[:, 0].detach().float())
    return F.mse_loss(output[:, 0].float(), wanted, reduction="sum") / count
