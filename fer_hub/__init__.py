"""FER Hub: name the expression that a face shows."""

from fer_hub.alignment import CropGeometry
from fer_hub.classifier import ExpressionClassifier
from fer_hub.errors import FerHubError, InputError
from fer_hub.expressions import EXPRESSIONS
from fer_hub.faces import Face, FaceFinder
from fer_hub.hub import list_models, resolve
from fer_hub.images import open_image
from fer_hub.models import ARCHITECTURES, ModelConfig
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.report import EvaluationReport

__version__ = "0.1.0"

__all__ = [
    "ARCHITECTURES",
    "EXPRESSIONS",
    "CropGeometry",
    "EvaluationReport",
    "ExpressionClassifier",
    "ExpressionRecognizer",
    "Face",
    "FaceExpression",
    "FaceFinder",
    "FerHubError",
    "InputError",
    "ModelConfig",
    "list_models",
    "open_image",
    "resolve",
]
