"""What a network does on a split while it is trained: every process answers its share of the pictures once."""

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.data.split import Split
from fer_hub.models import ModelConfig
from fer_hub.models.preprocessing import preprocess

_BATCH = 256


def validate(
    network: nn.Module, split: Split, model_config: ModelConfig, accelerator: Accelerator
) -> tuple[dict[str, float], np.ndarray]:
    """Metrics over a split, without augmentation, and its `(K, K)` confusion matrix, rows true, columns named.

    Of further columns the accuracy where they say something.
    """
    logits, auxiliary = answers(network, split, model_config, accelerator)
    labels, named = split.labels.numpy(), logits.argmax(dim=1).numpy()
    metrics = {
        "loss": F.cross_entropy(logits, split.labels).item(),
        "accuracy": float((named == labels).mean()),
        "balanced_accuracy": float(balanced_accuracy_score(labels, named)),
        "macro_f1": float(f1_score(labels, named, average="macro", zero_division=0.0)),
    }
    for column, answered in auxiliary.items():
        known = split.auxiliary[column] >= 0
        metrics[f"{column}_accuracy"] = float(
            (answered.argmax(dim=1) == split.auxiliary[column])[known].double().mean()
        )
    return metrics, confusion_matrix(labels, named, labels=range(len(split.label_names)))


@torch.inference_mode()
def answers(
    network: nn.Module, split: Split, model_config: ModelConfig, accelerator: Accelerator
) -> tuple[Tensor, dict[str, Tensor]]:
    """`(N, K)` float32 logits of the expression and of each further column; every process answers its share once."""
    network.eval()
    rank, processes = accelerator.process_index, accelerator.num_processes
    outputs = []
    for rows in torch.arange(rank, len(split), processes).split(_BATCH):
        output = network(preprocess(split.pictures[rows].to(accelerator.device), model_config))
        logits, auxiliary = output if isinstance(output, tuple) else (output, {})
        outputs.append({"": logits.float().cpu(), **{column: one.float().cpu() for column, one in auxiliary.items()}})
    shares = gather_object([{name: torch.cat([output[name] for output in outputs]) for name in outputs[0]}])
    whole = {name: torch.empty(len(split), part.shape[1]) for name, part in shares[0].items()}
    for process, share in enumerate(shares):
        for name, part in share.items():
            whole[name][process::processes] = part
    return whole.pop(""), whole
