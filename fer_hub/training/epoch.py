"""One epoch: batches in, gradients out, then what the network does on validation."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.data.split import Split
from fer_hub.evaluation.heads import measure_heads
from fer_hub.models import ModelConfig
from fer_hub.models.heads import head_answer, split_outputs
from fer_hub.models.preprocessing import preprocess
from fer_hub.training.augmentation import Augmentation
from fer_hub.training.batches import Batch
from fer_hub.training.loss import Loss
from fer_hub.training.optimizer import TrainState

_VALIDATION_BATCH = 256


@dataclass
class EpochProgress:
    """How far an epoch has come, so that it can be taken up at any step."""

    number: int
    """Counted from 1."""
    step: int = 0
    """Steps that are done."""
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
    state: TrainState,
    batches: Iterable[Batch],
    loss_of: Loss,
    augmentation: Augmentation,
    progress: EpochProgress,
    side: int,
    pieces: int = 1,
    after_step: Callable[[int], bool] = lambda step: False,
) -> bool:
    """Train on batches of pictures of `side` pixels, counting in `progress`.

    Each batch is taken in so many `pieces` (gradient accumulation). Returns whether the epoch came to its end, and was
    not stopped by `after_step`. Everything random in a step (augmentation, dropout) comes from its batch's seed, so
    that a run can be taken up anywhere.
    """
    state.train()
    started, before = time.perf_counter(), progress.seconds
    for batch in batches:
        torch.manual_seed(batch.seed)
        inputs, targets = augmentation(batch.crops, batch.targets, side)
        parts = _pieces(inputs, targets, batch.auxiliary, pieces)
        for number, (part, wanted, auxiliary) in enumerate(parts, 1):
            loss, logits = loss_of(state.network, part, wanted, auxiliary)
            state.backward(loss * (batch.share * len(part) / len(inputs)), last=number == len(parts))
            progress.count(loss, logits, wanted)
        state.step()
        progress.step += 1
        progress.seconds = before + time.perf_counter() - started
        if after_step(progress.step):
            return False
    return True


def _pieces(
    inputs: Tensor, targets: Tensor, auxiliary: dict[str, Tensor], count: int
) -> list[tuple[Tensor, Tensor, dict[str, Tensor]]]:
    """A batch in `count` pieces, or in fewer where one would have a single picture: BatchNorm cannot train on it."""
    count = max(min(count, len(inputs) // 2), 1)
    columns = {column: labels.tensor_split(count) for column, labels in auxiliary.items()}
    pairs = zip(inputs.tensor_split(count), targets.tensor_split(count), strict=True)
    return [
        (part, wanted, {column: labels[piece] for column, labels in columns.items()})
        for piece, (part, wanted) in enumerate(pairs)
    ]


def validate(
    network: nn.Module, split: Split, model_config: ModelConfig, accelerator: Accelerator
) -> tuple[dict[str, float], np.ndarray]:
    """Metrics over a split, without augmentation, and its `(K, K)` confusion matrix, rows true, columns named.

    Of further heads the accuracy, or the CCC, where their columns say something.
    """
    outputs = _answers(network, split, model_config, accelerator)
    logits, further = split_outputs(outputs, model_config)
    labels, named = split.labels.numpy(), logits.argmax(dim=1).numpy()
    metrics = {
        "loss": F.cross_entropy(logits, split.labels).item(),
        "accuracy": float((named == labels).mean()),
        "balanced_accuracy": float(balanced_accuracy_score(labels, named)),
        "macro_f1": float(f1_score(labels, named, average="macro", zero_division=0.0)),
    }
    answers = {name: head_answer(further[name].double(), head) for name, head in model_config.heads.items()}
    for name, row in (measure_heads(model_config.heads, answers, split.auxiliary) or {}).items():
        metrics |= {f"{name}_{metric}": value for metric, value in row.items() if metric != "images"}
    return metrics, confusion_matrix(labels, named, labels=range(len(split.label_names)))


@torch.inference_mode()
def _answers(network: nn.Module, split: Split, model_config: ModelConfig, accelerator: Accelerator) -> Tensor:
    """`(N, outputs)` float32 of the network; every process answers its share once."""
    network.eval()
    rank, processes = accelerator.process_index, accelerator.num_processes
    outputs = []
    for rows in torch.split(torch.arange(rank, len(split), processes), _VALIDATION_BATCH):
        outputs.append(network(preprocess(split.pictures[rows].to(accelerator.device), model_config)).float().cpu())
    whole = torch.empty(len(split), model_config.outputs)
    for process, share in enumerate(gather_object([torch.cat(outputs)])):
        whole[process::processes] = share
    return whole
