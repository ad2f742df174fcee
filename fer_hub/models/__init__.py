"""The networks and what describes them. `ModelConfig` is read without torch; the rest imports it when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fer_hub.models.config import ModelConfig

if TYPE_CHECKING:
    from fer_hub.models.registry import (
        ARCHITECTURES,
        Architecture,
        build_network,
        count_macs,
        count_parameters,
        find_architecture,
    )

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ModelConfig",
    "build_network",
    "count_macs",
    "count_parameters",
    "find_architecture",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("fer_hub.models.registry"), name)
