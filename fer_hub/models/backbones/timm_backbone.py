"""timm's networks by name: `timm/mobilenetv3_small_100`, or with one of its weights, `timm/resnet18.a1_in1k`.

Papers and origin: see timm's documentation (https://huggingface.co/docs/timm). Weights: each a repository of the Hub,
with its own licence; only model.safetensors is ever fetched.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from torch import nn

from fer_hub.errors import InputError, plain
from fer_hub.models.pretrained import HubWeights, refuse_unsuited_input, with_dropout

PREFIX = "timm/"


@dataclass(frozen=True)
class TimmBackbone:
    """Builder of one of them; what it builds has our outputs and dropout before its last layer.

    `(N, 3, input_size, input_size)` float -> logits `(N, classes)`.
    """

    name: str
    """As timm calls it, with or without the tag of its weights."""
    native_channels = 3
    native_dropout = 0.2

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module:
        sized = {"img_size": input_size} if self._known.fixed_input_size else {}
        network: nn.Module = _timm().create_model(self.name, pretrained=False, num_classes=classes, **sized)
        with_dropout(network, dropout)
        refuse_unsuited_input(network, PREFIX + self.name, channels, input_size, self.native_size)
        return network

    @property
    def native_size(self) -> int:
        return min(int(self._known.input_size[-1]), 512)

    @property
    def native_weights(self) -> HubWeights | None:
        """None where timm names no repository for this network."""
        known = self._known
        if not known.hf_hub_id:
            return None
        return HubWeights(known.hf_hub_id, tuple(known.mean), tuple(known.std))

    @property
    def _known(self) -> Any:
        return _timm().get_pretrained_cfg(self.name, allow_unregistered=False)


def timm_backbone(name: str) -> TimmBackbone:
    """The builder of `timm/NAME`. Raises InputError where timm is not installed, or has no such network."""
    timm, inner = _timm(), name.removeprefix(PREFIX)
    base, _, tag = inner.partition(".")
    # is_model alone would take hf-hub: and local-dir: too.
    if not base.replace("_", "").isalnum() or not timm.is_model(base):
        alike = timm.list_models(f"*{base}*")[:3] if base.isidentifier() else []
        hint = f"; it has {', '.join(alike)}" if alike else ""
        raise InputError(f"the installed timm has no network {plain(inner)!r}{hint}.")
    tags = [each.partition(".")[2] for each in timm.list_pretrained(f"{base}.*")]
    if tag and tag not in tags:
        raise InputError(f"timm has no weights {plain(tag)!r} for {base}, only {', '.join(tags) or 'none'}.")
    return TimmBackbone(inner)


def _timm() -> ModuleType:
    try:
        import timm  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise InputError('timm/... needs timm, which is not installed: pip install "fer-hub[backbones]".') from None
    return timm
