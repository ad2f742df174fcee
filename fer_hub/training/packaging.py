"""A trained network -> the files of its model folder: calibrated on validation, evaluated on test once."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from fer_hub.data.split import Split
from fer_hub.evaluation.metrics import evaluate, fit_temperature
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import EVALUATION_FILE, PREDICTIONS_FILE
from fer_hub.models import ModelConfig
from fer_hub.models.classifier import ExpressionClassifier


def calibrate(
    folder: Path, network: nn.Module, model_config: ModelConfig, validation: Split, device: torch.device
) -> ExpressionClassifier:
    """Write weights and configuration, with the temperature that fits validation best; return what is read back.

    That is in half precision, so that all that is measured holds for what is stored.
    """
    ExpressionClassifier(network, model_config).save(folder)
    stored = ExpressionClassifier.load(folder, device)
    temperature = fit_temperature(stored.logits(validation.pictures).numpy(), validation.labels.numpy())
    record = {**model_config.training, "calibrated_on": len(validation)}
    model_config = model_config.model_copy(update={"temperature": round(temperature, 4), "training": record})
    ExpressionClassifier(stored.network, model_config).save(folder)
    return ExpressionClassifier.load(folder, device)


def evaluate_once(
    folder: Path, classifier: ExpressionClassifier, test: Split, seen: tuple[Split, ...], name: str
) -> EvaluationReport:
    """Write the evaluation on test, with its predictions, and return it.

    `seen` are the splits that were trained and chosen on: pictures of theirs are counted apart. `name` is the model's.
    """
    training = classifier.config.training
    probabilities = classifier.probabilities(test.pictures).numpy()
    predictions = Predictions(classifier.config.labels, test.index, test.labels.numpy(), probabilities)
    report = evaluate(
        predictions,
        seen=np.isin(test.content_keys(), np.concatenate([split.content_keys() for split in seen])),
        model=name,
        dataset=training["dataset"],
        dataset_revision=training["dataset_revision"],
        split=test.name,
        temperature=classifier.config.temperature,
    )
    report.save(folder / EVALUATION_FILE)
    predictions.save(folder / PREDICTIONS_FILE)
    return report
