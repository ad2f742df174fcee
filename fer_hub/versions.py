"""The versions that a result depends on, as they travel with a model folder."""

import importlib.metadata
import platform

_RECORDED_PACKAGES = (
    "torch",
    "torchvision",
    "facenet-pytorch",
    "datasets",
    "scikit-learn",
    "numpy",
    "pillow",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    installed = {package: importlib.metadata.version(package) for package in _RECORDED_PACKAGES}
    return {"python": platform.python_version(), **installed}
