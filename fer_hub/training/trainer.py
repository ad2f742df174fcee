"""Trainer: epochs of training and validation, the best of them kept. Evaluation on test is not its business."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from fer_hub.data.split import Split
from fer_hub.errors import FerHubError
from fer_hub.models import ModelConfig
from fer_hub.training.augmentation import Augmentation, side_in_epoch
from fer_hub.training.batches import TrainingBatches
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig
from fer_hub.training.epoch import EpochProgress, train_one_epoch, validate
from fer_hub.training.loss import Loss
from fer_hub.training.optimizer import TrainState
from fer_hub.training.run.checkpoint import Checkpoint
from fer_hub.training.run.devices import GracefulShutdown

logger = logging.getLogger(__name__)

History = list[dict[str, float]]
"""Epoch by epoch: its number, seconds, learning rate, and loss and metrics of training and validation."""


@dataclass
class Best:
    """The epoch that is kept: the one that `metric_for_best` prefers so far."""

    score: float
    epoch: int
    weights: dict[str, Tensor]


class Trainer:
    """Trains a network on a split until another one, validation, gets no better.

    Everything it learns from is made before: the network with its initial weights, the batches, the loss.
    """

    def __init__(
        self,
        network: nn.Module,
        model_config: ModelConfig,
        batches: TrainingBatches,
        validation: Split,
        loss: Loss,
        optimisation: OptimisationConfig,
        augmentation: AugmentationConfig,
        accelerator: Accelerator,
        checkpoint: Checkpoint,
    ) -> None:
        self._network, self._model_config, self._validation = network, model_config, validation
        self._config, self._accelerator, self._checkpoint = optimisation, accelerator, checkpoint
        self._loss, self._augmentation = loss, Augmentation(augmentation, model_config)
        self._batches = batches
        self._state = TrainState(network, optimisation, optimisation.epochs * len(batches), accelerator)
        self._progress, self._best = EpochProgress(1), Best(-math.inf, 0, {})
        self._planned = [optimisation.epochs]
        self.history: History = []

    def fit(
        self,
        saved: dict[str, Any] | None = None,
        after_epoch: Callable[[History, np.ndarray], None] = lambda history, confusion: None,
    ) -> History:
        """Train; leave the best epoch's weights in the network, return the history.

        A checkpoint is written after each epoch, and at the next step after Ctrl-C or SIGTERM, which then end the run
        with KeyboardInterrupt.

        Args:
            saved: what a checkpoint of this run holds; None to begin. The run goes on from there and ends with the
                weights that it would have ended with had it never been stopped.
            after_epoch: is told the history and validation's `(K, K)` confusion matrix.

        Raises:
            FerHubError: the loss is no longer a number.
        """
        if saved is not None:
            self._restore(saved)
        with GracefulShutdown(self._accelerator) as shutdown, self._progress_bar() as bar:
            while self._progress.number <= self._config.epochs and not self._stalled():
                bar.set_description(f"epoch {self._progress.number} of at most {self._config.epochs}")
                if not self._train_one_epoch(bar, shutdown):
                    self._save_checkpoint()
                    raise KeyboardInterrupt
                confusion = self._end_epoch()
                self._save_checkpoint()
                if self._accelerator.is_main_process:
                    after_epoch(self.history, confusion)
        self._network.load_state_dict(self._best.weights)
        metric = self._config.metric_for_best
        chosen = self.history[self._best.epoch - 1][f"validation_{metric}"]
        logger.info("Best epoch: %d, validation %s %.4f.", self._best.epoch, metric, chosen)
        return self.history

    def _train_one_epoch(self, bar: tqdm, shutdown: GracefulShutdown) -> bool:
        """Train from where the epoch has come to; return whether it came to its end."""
        progress = self._progress

        def after_step(step: int) -> bool:
            bar.update()
            return shutdown.after(step)

        if progress.step == 0:
            progress.learning_rate = self._state.learning_rate
        self._state.freeze(progress.number <= self._config.freeze_epochs)
        return train_one_epoch(
            self._state,
            self._batches.epoch(progress.number, progress.step),
            self._loss,
            self._augmentation,
            progress,
            side_in_epoch(progress.number, self._config, self._model_config.input_size),
            self._config.gradient_accumulation_steps,
            after_step,
        )

    def _end_epoch(self) -> np.ndarray:
        """Validate, let the learning rate answer to it, keep the weights if they are the best; begin the next epoch."""
        progress, state, metric = self._progress, self._state, self._config.metric_for_best
        loss, right, seen = self._accelerator.reduce(progress.sums, "sum").tolist()
        metrics, confusion = validate(state.eval_network, self._validation, self._model_config, self._accelerator)
        if not math.isfinite(loss + metrics["loss"]):
            raise FerHubError(
                f"the loss is no longer a number in epoch {progress.number}; lower --learning-rate, or set "
                "--max-grad-norm 1."
            )
        state.end_epoch(metrics["loss"])
        entry = {
            "epoch": progress.number,
            "seconds": round(progress.seconds, 2),
            "learning_rate": progress.learning_rate,
            "loss": round(loss / seen, 4),
            "accuracy": round(right / seen, 4),
            **{f"validation_{name}": round(value, 4) for name, value in metrics.items()},
        }
        score = entry[f"validation_{metric}"] * (-1 if metric == "loss" else 1)
        if score > self._best.score:
            self._best = Best(score, progress.number, _weights(state.eval_network))
        self.history.append(entry)
        logger.info(_line(entry))
        self._progress = EpochProgress(progress.number + 1)
        return confusion

    def _stalled(self) -> bool:
        """Whether validation has got no better for too long."""
        patience = self._config.stopping_patience
        if self._progress.number - self._best.epoch <= patience:
            return False
        logger.info("No better validation %s for %d epochs: stopping.", self._config.metric_for_best, patience)
        return True

    def _progress_bar(self) -> tqdm:
        steps = len(self._batches)
        return tqdm(
            total=self._config.epochs * steps,
            initial=(self._progress.number - 1) * steps + self._progress.step,
            unit="step",
            dynamic_ncols=True,
            disable=not self._accelerator.is_main_process,
        )

    def _save_checkpoint(self) -> None:
        if self._accelerator.is_main_process:
            progress = {**vars(self._progress), "sums": self._progress.sums.cpu()}
            self._checkpoint.save(
                {
                    "network": self._state.state_dict(),
                    "history": self.history,
                    "best": vars(self._best),
                    "epoch": progress,
                    "planned": self._planned,
                }
            )

    def _restore(self, saved: dict[str, Any]) -> None:
        self._state.load_state_dict(saved["network"])
        self.history, self._best = saved["history"], Best(**saved["best"])
        self._progress = EpochProgress(**saved["epoch"])
        self._planned = planned_epochs(saved, self._config)
        logger.info(
            "Continuing in epoch %d after step %d of %d.",
            self._progress.number,
            self._progress.step,
            len(self._batches),
        )


def planned_epochs(saved: dict[str, Any] | None, config: OptimisationConfig) -> list[int]:
    """The epochs that each call of a run was to come to, of this one too; equal ones once."""
    before = [] if saved is None else saved["planned"]
    return before if before[-1:] == [config.epochs] else [*before, config.epochs]


def is_finished(saved: dict[str, Any], config: OptimisationConfig) -> bool:
    """Whether what a checkpoint saved has come to its last epoch, or has got no better for too long."""
    number = saved["epoch"]["number"]
    return bool(number > config.epochs or number - saved["best"]["epoch"] > config.stopping_patience)


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of a network's weights."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _line(epoch: dict[str, float]) -> str:
    """An epoch of the history in a line."""
    return (
        f"epoch {epoch['epoch']:3d}  {epoch['seconds']:6.1f} s  loss {epoch['loss']:.3f}  accuracy "
        f"{epoch['accuracy']:.1%}  validation: loss {epoch['validation_loss']:.3f}  accuracy "
        f"{epoch['validation_accuracy']:.1%}  macro F1 {epoch['validation_macro_f1']:.3f}"
    )
