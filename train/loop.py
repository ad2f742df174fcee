"""Training: epochs of `train_one_epoch` and `validate`. Evaluation on test is fer_hub's."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from fer_hub.classifier import ExpressionClassifier
from fer_hub.models import ModelConfig
from fer_hub.preprocessing import preprocess
from train.augmentation import augment
from train.checkpoint import Checkpoint
from train.config import FinetuneConfig
from train.data import one_ahead, shuffled_batches
from train.optimization import Learner
from train.split import Split


def train_one_epoch(
    learner: Learner,
    batches: Iterable[tuple[Tensor, Tensor]],
    config: FinetuneConfig,
    model_config: ModelConfig,
    generator: torch.Generator,
    progress: tqdm,
) -> tuple[float, float]:
    """Train on `(uint8 crops, labels)` batches; return mean loss and accuracy over the augmented pictures."""
    learner.network.train()
    # Sums stay on the device: reading a number after each step would stall an accelerator.
    loss_sum, correct, seen = torch.tensor(0.0), torch.tensor(0), 0
    for crops, labels in batches:
        inputs = augment(preprocess(crops, model_config), config, generator)
        logits = learner.network(inputs)
        loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
        learner.step(loss)
        loss_sum = loss_sum.to(loss.device) + loss.detach() * len(labels)
        correct = correct.to(loss.device) + (logits.detach().argmax(dim=1) == labels).sum()
        seen += len(labels)
        progress.update()
    return loss_sum.item() / seen, correct.item() / seen


@dataclass
class Best:
    """The epoch that is kept: the one with the highest validation accuracy so far."""

    accuracy: float
    epoch: int
    weights: dict[str, Tensor]


def fit(
    network: nn.Module,
    train: Split,
    validation: Split,
    config: FinetuneConfig,
    model_config: ModelConfig,
    device: torch.device,
    checkpoint: Checkpoint,
) -> list[dict[str, float]]:
    """Train until validation accuracy stops rising; leave the best weights in the network, return the history.

    A checkpoint is written after each epoch. A run that continues from one repeats the epoch it was killed in
    from its start, with the same random numbers, and so ends with the same weights.
    """
    steps = math.ceil(len(train) / config.batch_size)
    network.to(device).to(memory_format=torch.channels_last)
    learner = Learner(network, config, config.epochs * steps)
    classifier = ExpressionClassifier(learner.kept, model_config, device)
    generator = torch.Generator().manual_seed(config.seed)
    history: list[dict[str, float]] = []
    best = Best(-1.0, 0, {})
    if config.resume:
        state = checkpoint.load()
        learner.load_state_dict(state["learner"])
        generator.set_state(state["order"])
        _set_random_state(state["random"])
        history, best = state["history"], Best(**state["best"])
        print(f"Continuing after epoch {len(history)}.")

    with tqdm(total=config.epochs * steps, initial=len(history) * steps, unit="step", dynamic_ncols=True) as progress:
        for epoch in range(len(history) + 1, config.epochs + 1):
            if epoch - best.epoch > config.stopping_patience:
                progress.write(f"No better validation accuracy for {config.stopping_patience} epochs: stopping.")
                break
            progress.set_description(f"epoch {epoch} of at most {config.epochs}")
            started, rate = time.perf_counter(), learner.learning_rate
            batches = one_ahead(shuffled_batches(train, config.batch_size, generator, device))
            loss, accuracy = train_one_epoch(learner, batches, config, model_config, generator, progress)
            seconds = time.perf_counter() - started
            validation_loss, validation_accuracy = validate(classifier, validation)
            learner.end_epoch(validation_loss)
            if validation_accuracy > best.accuracy:
                weights = {name: tensor.clone() for name, tensor in learner.kept.state_dict().items()}
                best = Best(validation_accuracy, epoch, weights)
            history.append(
                {
                    "epoch": epoch,
                    "seconds": round(seconds, 2),
                    "learning_rate": rate,
                    "loss": round(loss, 4),
                    "accuracy": round(accuracy, 4),
                    "validation_loss": round(validation_loss, 4),
                    "validation_accuracy": round(validation_accuracy, 4),
                }
            )
            progress.write(
                f"epoch {epoch:3d}  {seconds:6.1f} s  loss {loss:.3f}  accuracy {accuracy:.1%}  "
                f"validation: loss {validation_loss:.3f}  accuracy {validation_accuracy:.1%}"
            )
            checkpoint.save(
                {
                    "learner": learner.state_dict(),
                    "order": generator.get_state(),
                    "random": _random_state(),
                    "history": history,
                    "best": vars(best),
                }
            )
    network.load_state_dict(best.weights)
    print(f"Best epoch: {best.epoch}, validation accuracy {best.accuracy:.1%}.")
    return history


def validate(classifier: ExpressionClassifier, split: Split) -> tuple[float, float]:
    """Loss and accuracy over a split, without augmentation."""
    classifier.network.eval()
    logits = classifier.logits(split.pictures)
    loss = F.cross_entropy(logits, split.labels)
    return loss.item(), (logits.argmax(dim=1) == split.labels).double().mean().item()


def _random_state() -> dict[str, Tensor | list[Tensor]]:
    """The state of torch's own generators, which dropout draws from."""
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}


def _set_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    torch.cuda.set_rng_state_all(state["cuda"])
