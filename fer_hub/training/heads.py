"""Auxiliary heads: further label columns learnt from the same features; they are not kept after training.

Multi-task learning of expression with age, gender and the like; see Caruana 1997, Multitask Learning.
"""

from typing import Any

from torch import Tensor, nn

from fer_hub.errors import InputError
from fer_hub.models.pretrained import head_name


class MultiTask(nn.Module):
    """A network, and for each further label column a dense layer on what the network's own last layer sees."""

    def __init__(self, network: nn.Module, classes: dict[str, int]) -> None:
        """`classes` is the number of classes of each column."""
        super().__init__()
        last = network.get_submodule(head_name(network))
        if not isinstance(last, nn.Linear):
            raise InputError("--auxiliary needs a network that ends in a dense layer; choose another --architecture.")
        self.network = network
        self.columns = tuple(classes)
        self.heads = nn.ModuleList(nn.Linear(last.in_features, count) for count in classes.values())
        last.register_forward_pre_hook(self._keep_features)
        self._features: Tensor | None = None

    def forward(self, inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits of the expressions, and of each column's classes."""
        logits = self.network(inputs)
        assert self._features is not None
        auxiliary = {column: head(self._features) for column, head in zip(self.columns, self.heads, strict=True)}
        self._features = None
        return logits, auxiliary

    def _keep_features(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._features = inputs[0]
