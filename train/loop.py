"""One pass of training. Evaluation is fer_hub's."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from fer_hub.models import ModelConfig
from fer_hub.preprocessing import preprocess
from train.augmentation import augment
from train.config import FinetuneConfig


def train_one_epoch(
    network: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    config: FinetuneConfig,
    model_config: ModelConfig,
    generator: torch.Generator,
    progress: tqdm,
) -> tuple[float, float]:
    """Train on `(uint8 crops, labels)` batches; return mean loss and accuracy over the augmented pictures."""
    network.train()
    # Sums stay on the device: reading a number after each step would stall an accelerator.
    loss_sum, correct, seen = torch.tensor(0.0), torch.tensor(0), 0
    for crops, labels in batches:
        inputs = augment(preprocess(crops, model_config), config, generator)
        logits = network(inputs)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss_sum = loss_sum.to(loss.device) + loss.detach() * len(labels)
        correct = correct.to(loss.device) + (logits.detach().argmax(dim=1) == labels).sum()
        seen += len(labels)
        progress.update()
    return loss_sum.item() / seen, correct.item() / seen
