"""What changes a network in training: optimizer, learning rate and moving average of the weights."""

import math
from contextlib import nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR, ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fer_hub.models.pretrained import head_name
from fer_hub.training.config.groups import OptimisationConfig


class TrainState:
    """A network with its optimizer, schedule and averaged weights, on one device or on several.

    All of it that changes in training is in its `state_dict`, from which training goes on exactly.
    """

    def __init__(self, network: nn.Module, config: OptimisationConfig, steps: int, accelerator: Accelerator) -> None:
        """`steps` is the number of steps of the whole run."""
        self._accelerator, self._clip, self._decay = accelerator, config.max_grad_norm, config.ema_decay
        self._bare = network.to(accelerator.device).to(memory_format=torch.channels_last)
        self._frozen = False
        self._averaged: AveragedModel | None = None
        if config.ema_decay:  # of BatchNorm's statistics too
            self._averaged = AveragedModel(self._bare, multi_avg_fn=self._take_in, use_buffers=True)
        self._optimizer = build_optimizer(self._bare, config, fused=accelerator.device.type == "cuda")
        self._per_step, self._per_epoch = build_schedule(self._optimizer, config, steps)
        self.network, self._prepared = accelerator.prepare(self._bare, self._optimizer)
        if config.compile:  # what is trained; what is evaluated and kept is the same network as it was written
            self.network = torch.compile(self.network)

    @property
    def eval_network(self) -> nn.Module:
        """The network that is evaluated and kept: with averaged weights, where the configuration averages."""
        return self._bare if self._averaged is None else self._averaged.module

    @property
    def learning_rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    def freeze(self, frozen: bool) -> None:
        """Hold all but the head still, BatchNorm's statistics too, or let it learn again."""
        _, backbone = _head_and_backbone(self._bare)
        for parameter in backbone:
            parameter.requires_grad_(not frozen)
        self._frozen = frozen

    def train(self) -> None:
        """Put the network in training mode, but for the BatchNorm of a frozen one."""
        self.network.train()
        for module in self.network.modules():
            if self._frozen and isinstance(module, _BatchNorm):
                module.eval()

    def backward(self, loss: Tensor, last: bool = True) -> None:
        """Add the loss's gradients to those of the step; processes exchange them with the `last` piece of a batch."""
        with nullcontext() if last else self._accelerator.no_sync(self.network):
            self._accelerator.backward(loss)

    def step(self) -> None:
        """Change the weights by the gradients added up since the last step."""
        if self._clip is not None:
            self._accelerator.clip_grad_norm_(self.network.parameters(), self._clip)
        self._prepared.step()
        self._prepared.zero_grad(set_to_none=True)
        if self._per_step is not None:
            self._per_step.step()
        if self._averaged is not None:
            self._averaged.update_parameters(self._bare)

    def _take_in(self, averaged: Any, current: Any, _: Tensor | int) -> None:
        """Average weights with those of a step: exponentially, over at most a ninth of the steps so far.

        With a fixed decay a short run's average spans weights so far apart that BatchNorm's averaged statistics no
        longer fit them: a network that learns from random weights then names one expression for all. The bound is
        TensorFlow's (`ExponentialMovingAverage`, `num_updates`).
        """
        assert self._averaged is not None
        steps = int(self._averaged.n_averaged)  # on the CPU, as the argument is not: reading that would hold a GPU up
        decay = min(self._decay, (1 + steps) / (10 + steps))
        get_ema_multi_avg_fn(decay)(averaged, current, steps)  # type: ignore[no-untyped-call, unused-ignore]

    def end_epoch(self, validation_loss: float) -> None:
        """Let the learning rate answer to the validation loss."""
        if self._per_epoch is not None:
            self._per_epoch.step(validation_loss)

    def state_dict(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state. How long the run is to be may have changed: the schedule is this run's."""
        for name, part in self._parts().items():
            saved = state[name]
            if isinstance(part, OneCycleLR):  # its state holds its length too
                saved = {key: saved[key] for key in ("last_epoch", "_step_count", "_last_lr")}
            part.load_state_dict(saved)

    def _parts(self) -> dict[str, Any]:
        parts = {
            "network": self._bare,
            "averaged": self._averaged,
            "optimizer": self._optimizer,
            "per_step": self._per_step,
            "per_epoch": self._per_epoch,
            "scaler": self._accelerator.scaler,
        }
        return {name: part for name, part in parts.items() if part is not None}


def build_optimizer(network: nn.Module, config: OptimisationConfig, fused: bool = False) -> torch.optim.Optimizer:
    """Adam, AdamW, or SGD with Nesterov momentum; weight decay on matrices and kernels; backbone at its own rate.

    `fused` changes all weights in one kernel, on a GPU.
    """
    head, backbone = _head_and_backbone(network)
    groups = [
        {"params": [p for p in part if (p.ndim > 1) == decayed], "weight_decay": decay, "lr": rate}
        for part, rate in ((head, config.learning_rate), (backbone, config.learning_rate * config.backbone_rate))
        for decayed, decay in ((True, config.weight_decay), (False, 0.0))
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=0.9, nesterov=True, fused=fused or None)
    adam = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return adam(groups, lr=config.learning_rate, fused=fused or None)


def _head_and_backbone(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The last layer, and all that is below."""
    head = list(network.get_submodule(head_name(network)).parameters())
    chosen = {id(parameter) for parameter in head}
    return head, [parameter for parameter in network.parameters() if id(parameter) not in chosen]


def build_schedule(
    optimizer: torch.optim.Optimizer, config: OptimisationConfig, steps: int
) -> tuple[LRScheduler | None, ReduceLROnPlateau | None]:
    """What to tell of every step (cosine, onecycle), and what to tell of every epoch's validation loss (plateau)."""
    if config.schedule == "plateau":
        plateau = ReduceLROnPlateau(optimizer, factor=0.5, patience=config.plateau_patience)
        return None, plateau
    if config.schedule == "onecycle":  # Smith and Topin 2017, arXiv 1708.07120
        highest = [group["lr"] for group in optimizer.param_groups]
        steps = max(steps, 3)  # fewer cannot rise and fall
        rise = max(config.warmup_share, 2 / steps)
        return OneCycleLR(optimizer, highest, steps, pct_start=rise), None
    warmup = max(round(config.warmup_share * steps), 1)

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * min((step - warmup) / max(steps - warmup, 1), 1)))

    return LambdaLR(optimizer, share), None
