"""One epoch: batches in, gradients out, and how far it has come, so that it can be taken up at any step."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from fer_hub.models import ModelConfig
from fer_hub.models.preprocessing import preprocess
from fer_hub.training.augmentation import augment, side_in_epoch
from fer_hub.training.batches import Batch, mixed_seed
from fer_hub.training.config import FinetuneConfig
from fer_hub.training.loss import Loss, mixup
from fer_hub.training.optimizer import Learner


@dataclass
class EpochState:
    """How far an epoch has come."""

    number: int
    step: int = 0
    seconds: float = 0.0
    learning_rate: float = 0.0
    """At its start."""
    sums: Tensor = field(default_factory=lambda: torch.zeros(3))
    """Of losses, of right answers, of pictures; on the device, because reading them would hold it up."""

    def count(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        wanted = targets if targets.ndim == 1 else targets.argmax(dim=1)
        right = (logits.detach().argmax(dim=1) == wanted).sum()
        sums = torch.stack([loss.detach() * len(logits), right, torch.full_like(right, len(logits))])
        self.sums = self.sums.to(sums.device) + sums


def train_one_epoch(
    learner: Learner,
    batches: Iterable[Batch],
    objective: Loss,
    config: FinetuneConfig,
    model_config: ModelConfig,
    state: EpochState,
    rank: int = 0,
    after_step: Callable[[int], bool] = lambda step: False,
) -> bool:
    """Train on batches, counting in `state`; return whether it came to the end, and was not stopped by `after_step`.

    Everything random in a step (augmentation, dropout) depends on seed, epoch, step and process alone, so that a run
    can be taken up anywhere.
    """
    learner.train()
    started, before = time.perf_counter(), state.seconds
    side = side_in_epoch(state.number, config, model_config.input_size)
    for batch in batches:
        torch.manual_seed(mixed_seed(config.seed, state.number, state.step, rank))
        inputs = augment(preprocess(batch.crops, model_config), config, torch.default_generator, side)
        targets = batch.targets
        if config.mixup:
            inputs, targets = mixup(inputs, targets, config.mixup)
        pieces = _pieces(inputs, targets, batch.auxiliary, config.gradient_accumulation_steps)
        for number, (part, wanted, auxiliary) in enumerate(pieces, 1):
            loss, logits = objective(learner.network, part, wanted, auxiliary)
            learner.backward(loss * (batch.share * len(part) / len(inputs)), last=number == len(pieces))
            state.count(loss, logits, wanted)
        learner.step()
        state.step += 1
        state.seconds = before + time.perf_counter() - started
        if after_step(state.step):
            return False
    return True


def _pieces(
    inputs: Tensor, targets: Tensor, auxiliary: dict[str, Tensor], count: int
) -> list[tuple[Tensor, Tensor, dict[str, Tensor]]]:
    """A batch in `count` pieces, or in fewer where it has too few pictures."""
    columns = {column: labels.chunk(count) for column, labels in auxiliary.items()}
    pairs = zip(inputs.chunk(count), targets.chunk(count), strict=True)
    return [
        (part, wanted, {column: labels[piece] for column, labels in columns.items()})
        for piece, (part, wanted) in enumerate(pairs)
    ]
