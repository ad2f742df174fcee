"""Several runs of one configuration -> one model whose weights are the mean of theirs."""

from collections.abc import Sequence
from typing import Any

import torch

from fer_hub.errors import InputError
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import ModelConfig

_OF_A_RUN = {"seed", "output", "device", "resume", "push", "track"}
"""Settings in which the runs may differ."""


def average(classifiers: Sequence[ExpressionClassifier]) -> ExpressionClassifier:
    """The model with the mean of the weights of several runs that started from one model and differ in their seeds.

    It is about as good as the ensemble of the runs and costs as much as one of them (model soup, Wortsman et al. 2022,
    arXiv 2203.05482). Input statistics and temperature are the runs' mean as well, the crop geometry is the first's.

    Raises InputError where the runs are not of that kind: the mean of weights that began apart names nothing.
    """
    configs = [classifier.config for classifier in classifiers]
    if len({_kind(config) for config in configs}) > 1:
        raise InputError("the models are not runs of one configuration; they may differ in their seeds alone.")
    first, seeds = configs[0], [_settings(config).get("seed") for config in configs]
    if len(set(seeds)) < max(len(seeds), 2):
        given = ", ".join(map(str, seeds))
        raise InputError(f"the runs have the seeds {given}; give two or more that differ in it.")
    if not str(first.training.get("started_from")).startswith("the model "):
        raise InputError("the runs did not start from one model; the mean of weights that began apart names nothing.")
    states = [classifier.network.state_dict() for classifier in classifiers]
    mean = {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(tensor.dtype)
        for name, tensor in states[0].items()
    }
    classifiers[0].network.load_state_dict(mean)
    changed = {
        "mean": _means([config.mean for config in configs]),
        "std": _means([config.std for config in configs]),
        "temperature": _means([(config.temperature,) for config in configs])[0],
        "training": {**first.training, "averaged_seeds": seeds},
    }
    return ExpressionClassifier(classifiers[0].network, first.model_copy(update=changed), classifiers[0].device)


def _settings(config: ModelConfig) -> dict[str, Any]:
    settings = config.training.get("config")
    return settings if isinstance(settings, dict) else {}


def _kind(config: ModelConfig) -> str:
    """What runs of one configuration have in common: network, data, and all settings but those of a run."""
    settings = {name: value for name, value in _settings(config).items() if name not in _OF_A_RUN}
    network = config.architecture, config.labels, config.input_size, config.channels, config.grey, config.heads
    data = config.training.get("dataset_revision"), config.training.get("started_from")
    return repr((network, data, sorted(settings.items())))


def _means(values: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in torch.tensor(values, dtype=torch.float64).mean(0).tolist())
