"""A trained network -> the files of its model folder: calibrated on validation, evaluated on test once."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fer_hub.data.split import Split
from fer_hub.evaluation.heads import measure_heads
from fer_hub.evaluation.metrics import evaluate, fit_temperature
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE
from fer_hub.models import ModelConfig
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import Head


def calibrate(
    folder: Path, network: nn.Module, model_config: ModelConfig, validation: Split, device: torch.device
) -> ExpressionClassifier:
    """Write weights and configuration, with the temperature that fits validation best; return what is read back.

    That is in half precision, so that all that is measured holds for what is stored.
    """
    ExpressionClassifier(network, model_config).save(folder)
    stored = ExpressionClassifier.load(folder, device)
    logits, further = stored.outputs(validation.pictures)
    found = {
        "temperature": round(fit_temperature(logits.numpy(), validation.labels.numpy()), 4),
        "heads": {
            name: _calibrated(head, further[name], validation.auxiliary[name])
            for name, head in model_config.heads.items()
        },
        "training": {**model_config.training, "calibrated_on": len(validation)},
    }
    model_config = model_config.model_copy(update=found)
    ExpressionClassifier(stored.network, model_config).save(folder)
    return ExpressionClassifier.load(folder, device)


def _calibrated(head: Head, logits: Tensor, known: Tensor) -> Head:
    """A head with the temperature that fits what is known of its classes; one of a value has none."""
    told = known >= 0
    if not head.classes or not told.any():
        return head
    return head.model_copy(update={"temperature": round(fit_temperature(logits[told].numpy(), known[told].numpy()), 4)})


def evaluate_once(
    folder: Path, classifier: ExpressionClassifier, test: Split, seen: tuple[Split, ...], name: str
) -> EvaluationReport:
    """Write the evaluation on test, with its predictions, and return it.

    `seen` are the splits that were trained and chosen on: pictures of theirs are counted apart. `name` is the model's.
    """
    training = classifier.config.training
    answers = classifier.answers(test.pictures)
    predictions = Predictions(classifier.config.labels, test.index, test.labels.numpy(), answers.probabilities.numpy())
    report = evaluate(
        predictions,
        seen=np.isin(test.content_keys(), np.concatenate([split.content_keys() for split in seen])),
        model=name,
        dataset=training["dataset"],
        dataset_revision=training["dataset_revision"],
        split=test.name,
        temperature=classifier.config.temperature,
        auxiliary=measure_heads(classifier.config.heads, answers.heads, test.auxiliary),
    )
    report.save(folder / EVALUATION_FILE)
    predictions.save(folder / PREDICTIONS_FILE)
    return report
