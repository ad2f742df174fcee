"""What a network learns of each training picture, a label, a distribution or a teacher's answer, and what it counts."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from fer_hub.data.split import Split
from fer_hub.errors import InputError
from fer_hub.hub.references import resolve
from fer_hub.models.ensemble import Ensemble
from fer_hub.training.config.groups import TargetsConfig


@dataclass(frozen=True)
class TrainingTargets:
    """Made once, before training; all of it on the CPU."""

    values: Tensor
    """`(N,)` int64 labels, or `(N, K)` float distributions."""
    log_prior: Tensor
    """`(K,)` logarithm of each expression's share among the labels or votes."""
    class_weights: Tensor | None = None
    """`(K,)` how much each expression counts in the loss; None for alike."""
    sampling_weights: Tensor | None = None
    """`(N,)` how often each picture is drawn beside the others; None where each is shown once an epoch."""


def training_targets(train: Split, config: TargetsConfig, device: torch.device) -> TrainingTargets:
    """Labels, votes or a teacher's answers (it names the pictures here, on `device`), balanced as asked."""
    values, weights = own_targets(train, config), class_weights(train)
    log_prior = class_shares(values, len(train.label_names)).log()
    if config.teacher:
        values = with_teacher(values, teacher_answers(train, config.teacher, device), log_prior, config)
    return TrainingTargets(
        values,
        log_prior,
        class_weights=weights if config.balance == "weights" else None,
        sampling_weights=weights[train.labels] if config.balance == "sampling" else None,
    )


def own_targets(train: Split, config: TargetsConfig) -> Tensor:
    """`(N,)` int64 labels, or `(N, K)` float distributions where votes ask for them."""
    if config.targets == "labels":
        return train.labels
    assert train.votes is not None  # open_dataset saw to it
    labels = F.one_hot(train.labels, len(train.label_names)).float()
    return train.votes.where(train.votes.sum(1, keepdim=True) > 0, labels)


def with_teacher(own: Tensor, answers: Tensor, log_prior: Tensor, config: TargetsConfig) -> Tensor:
    """`(N, K)` mix of `own_targets` and a teacher's answers (distillation, Hinton et al. 2015, arXiv 1503.02531).

    Cross-entropy is linear in its target, so the mix of targets is the mix of the losses. What is added to the pupil's
    logits in training alone (`logit_adjustment`) is added to the teacher's as well: it is the pupil's own answers that
    are to be like the teacher's, not those with the addition.
    """
    answers = (answers.log() + config.logit_adjustment * log_prior).softmax(dim=1)
    own = F.one_hot(own, len(log_prior)).float() if own.ndim == 1 else own
    return (1 - config.distillation) * own + config.distillation * answers


def teacher_answers(train: Split, references: tuple[str, ...], device: torch.device) -> Tensor:
    """`(N, K)` probabilities, averaged over the models, in the split's label order.

    The teacher names each picture once, as it is and calibrated.
    """
    classifiers = [resolve(reference).load(device) for reference in references]
    try:
        teacher = Ensemble(classifiers, train.label_names)
    except InputError as error:
        raise InputError(f"--teacher {' '.join(references)}: {error}") from None
    return torch.cat([teacher.probabilities(piece) for piece in train.pieces()]).float()


def class_weights(train: Split) -> Tensor:
    """`(K,)` weights with which every expression counts alike; 1 on average over the pictures."""
    counts = train.labels.bincount(minlength=len(train.label_names))
    return len(train) / ((counts > 0).sum() * counts.clamp(min=1))


def class_shares(targets: Tensor, classes: int) -> Tensor:
    """`(K,)` share of each expression among the targets, none below that of one picture."""
    shares = F.one_hot(targets, classes).double() if targets.ndim == 1 else targets.double()
    return shares.mean(0).clamp(min=1 / len(targets)).float()
