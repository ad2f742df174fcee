"""FER Hub: name the expression that a face shows."""

from fer_hub.errors import FerHubError, InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.expressions import EXPRESSIONS
from fer_hub.hub.references import list_models, resolve
from fer_hub.models import ARCHITECTURES, ModelConfig
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.vision.alignment import CropGeometry
from fer_hub.vision.detection import Face, FaceDetector
from fer_hub.vision.images import open_image

__version__ = "0.1.0"

__all__ = [
    "ARCHITECTURES",
    "EXPRESSIONS",
    "CropGeometry",
    "EvaluationReport",
    "ExpressionClassifier",
    "ExpressionRecognizer",
    "Face",
    "FaceDetector",
    "FaceExpression",
    "FerHubError",
    "InputError",
    "ModelConfig",
    "list_models",
    "open_image",
    "resolve",
]
