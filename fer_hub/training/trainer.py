"""Training: epochs of `train_one_epoch` and `validate`, the best of them kept. Evaluation on test is fer_hub's."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from fer_hub.data.split import Split
from fer_hub.errors import FerHubError
from fer_hub.models import ModelConfig
from fer_hub.training.batches import one_ahead, training_batches
from fer_hub.training.checkpoint import Checkpoint
from fer_hub.training.config import FinetuneConfig
from fer_hub.training.epoch import EpochState, train_one_epoch
from fer_hub.training.heads import MultiTask
from fer_hub.training.loss import Loss
from fer_hub.training.optimizer import Learner
from fer_hub.training.shutdown import GracefulShutdown
from fer_hub.training.targets import class_shares, class_weights, training_targets
from fer_hub.training.validation import validate

History = list[dict[str, float]]


@dataclass
class Best:
    """The epoch that is kept: the one that `metric_for_best` prefers so far."""

    score: float
    epoch: int
    weights: dict[str, Tensor]


def fit(
    network: nn.Module,
    train: Split,
    validation: Split,
    config: FinetuneConfig,
    model_config: ModelConfig,
    accelerator: Accelerator,
    checkpoint: Checkpoint,
    after_epoch: Callable[[History, np.ndarray], None] = lambda history, confusion: None,
) -> History:
    """Train until validation gets no better; leave the best weights in the network, return the history.

    A checkpoint is written after each epoch, and at the next step after Ctrl-C or SIGTERM, which then end the run.
    One that continues repeats what came after its checkpoint, and so ends with the same weights. `after_epoch` is
    told the history and validation's confusion matrix.
    """
    steps = math.ceil(len(train) / config.batch_size)
    auxiliary = {column: 1 + int(labels.max()) for column, labels in train.auxiliary.items()}
    whole = MultiTask(network, auxiliary) if auxiliary else network
    learner = Learner(whole, config, config.epochs * steps, accelerator)
    weights = class_weights(train).to(accelerator.device) if config.balance == "weights" else None
    targets = training_targets(train, config, accelerator.device)
    log_prior = class_shares(targets, len(train.label_names)).log().to(accelerator.device)
    objective = Loss(config, weights, log_prior)
    history: History = []
    best, state = Best(-math.inf, 0, {}), EpochState(1)
    if config.resume:
        history, best, state = _continue(checkpoint, learner)
        accelerator.print(f"Continuing in epoch {state.number} after step {state.step} of {steps}.")

    def save() -> None:
        if accelerator.is_main_process:
            progress = {"history": history, "best": vars(best), "epoch": {**vars(state), "sums": state.sums.cpu()}}
            checkpoint.save({"learner": learner.state_dict(), **progress})

    done = (state.number - 1) * steps + state.step
    quiet = not accelerator.is_main_process
    with (
        GracefulShutdown(accelerator) as interruption,
        tqdm(total=config.epochs * steps, initial=done, unit="step", dynamic_ncols=True, disable=quiet) as progress,
    ):

        def after_step(step: int) -> bool:
            progress.update()
            return interruption.after(step)

        while state.number <= config.epochs:
            if state.number - best.epoch > config.stopping_patience:
                progress.write(
                    f"No better validation {config.metric_for_best} for {config.stopping_patience} epochs: stopping."
                )
                break
            if state.step == 0:
                state.learning_rate = learner.learning_rate
            progress.set_description(f"epoch {state.number} of at most {config.epochs}")
            learner.freeze(state.number <= config.freeze_epochs)
            batches = one_ahead(training_batches(train, targets, config, state.number, state.step, accelerator))
            rank = accelerator.process_index
            if not train_one_epoch(learner, batches, objective, config, model_config, state, rank, after_step):
                save()
                raise KeyboardInterrupt
            entry, confusion = _end_epoch(state, learner, validation, model_config, accelerator)
            score = (
                -entry["validation_loss"]
                if config.metric_for_best == "loss"
                else entry[f"validation_{config.metric_for_best}"]
            )
            if score > best.score:
                best = Best(score, state.number, _weights(learner.kept))
            history.append(entry)
            progress.write(_line(entry))
            state = EpochState(state.number + 1)
            save()
            if accelerator.is_main_process:
                after_epoch(history, confusion)
    network.load_state_dict(best.weights)
    chosen = history[best.epoch - 1][f"validation_{config.metric_for_best}"]
    accelerator.print(f"Best epoch: {best.epoch}, validation {config.metric_for_best} {chosen:.4f}.")
    return history


def _end_epoch(
    state: EpochState, learner: Learner, validation: Split, model_config: ModelConfig, accelerator: Accelerator
) -> tuple[dict[str, float], np.ndarray]:
    """Validate, and let the rate answer to it; return the epoch's entry in the history, and the confusion matrix."""
    loss, right, seen = accelerator.reduce(state.sums, "sum").tolist()
    metrics, confusion = validate(learner.kept, validation, model_config, accelerator)
    if not math.isfinite(loss + metrics["loss"]):
        raise FerHubError(
            f"the loss is no longer a number in epoch {state.number}; lower --learning-rate, or set --max-grad-norm 1."
        )
    learner.end_epoch(metrics["loss"])
    entry = {
        "epoch": state.number,
        "seconds": round(state.seconds, 2),
        "learning_rate": state.learning_rate,
        "loss": round(loss / seen, 4),
        "accuracy": round(right / seen, 4),
        **{f"validation_{name}": round(value, 4) for name, value in metrics.items()},
    }
    return entry, confusion


def _continue(checkpoint: Checkpoint, learner: Learner) -> tuple[History, Best, EpochState]:
    """Take up what a checkpoint holds."""
    saved = checkpoint.load()
    learner.load_state_dict(saved["learner"])
    return saved["history"], Best(**saved["best"]), EpochState(**saved["epoch"])


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of a network's weights, without auxiliary heads."""
    bare = network.network if isinstance(network, MultiTask) else network
    return {name: tensor.clone() for name, tensor in bare.state_dict().items()}


def _line(epoch: dict[str, float]) -> str:
    """An epoch of the history in a line."""
    return (
        f"epoch {epoch['epoch']:3d}  {epoch['seconds']:6.1f} s  loss {epoch['loss']:.3f}  accuracy "
        f"{epoch['accuracy']:.1%}  validation: loss {epoch['validation_loss']:.3f}  accuracy "
        f"{epoch['validation_accuracy']:.1%}  macro F1 {epoch['validation_macro_f1']:.3f}"
    )
