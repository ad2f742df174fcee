"""FER Hub: name the expression that a face shows.

What is exported here is imported when it is first used, so that `import fer_hub` alone is quick and loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fer_hub.errors import FerHubError, InputError
    from fer_hub.evaluation.report import EvaluationReport
    from fer_hub.expressions import EXPRESSIONS
    from fer_hub.hub.model_folder import ModelFolder
    from fer_hub.hub.references import list_models, resolve
    from fer_hub.models.classifier import ExpressionClassifier
    from fer_hub.models.config import ModelConfig
    from fer_hub.models.ensemble import Ensemble
    from fer_hub.models.registry import ARCHITECTURES
    from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
    from fer_hub.vision.detection import Face, FaceDetector
    from fer_hub.vision.geometry import CropGeometry
    from fer_hub.vision.images import open_image

__version__ = "0.2.0"

__all__ = [
    "ARCHITECTURES",
    "EXPRESSIONS",
    "CropGeometry",
    "Ensemble",
    "EvaluationReport",
    "ExpressionClassifier",
    "ExpressionRecognizer",
    "Face",
    "FaceDetector",
    "FaceExpression",
    "FerHubError",
    "InputError",
    "ModelConfig",
    "ModelFolder",
    "list_models",
    "open_image",
    "resolve",
]

_HOMES = {
    "ARCHITECTURES": "models.registry",
    "EXPRESSIONS": "expressions",
    "CropGeometry": "vision.geometry",
    "Ensemble": "models.ensemble",
    "EvaluationReport": "evaluation.report",
    "ExpressionClassifier": "models.classifier",
    "ExpressionRecognizer": "recognizer",
    "Face": "vision.detection",
    "FaceDetector": "vision.detection",
    "FaceExpression": "recognizer",
    "FerHubError": "errors",
    "InputError": "errors",
    "ModelConfig": "models.config",
    "ModelFolder": "hub.model_folder",
    "list_models": "hub.references",
    "open_image": "vision.images",
    "resolve": "hub.references",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
