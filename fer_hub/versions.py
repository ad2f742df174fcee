"""The versions that a result depends on, as they travel with a model folder or a table."""

import importlib.metadata
import platform

TRAINING = (
    "torch",
    "torchvision",
    "facenet-pytorch",
    "datasets",
    "scikit-learn",
    "numpy",
    "pillow",
)
ANNOTATING = ("torch", "torchvision", "facenet-pytorch", "numpy", "pillow", "av")


def versions(packages: tuple[str, ...] = TRAINING) -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    installed = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version(), **installed}
