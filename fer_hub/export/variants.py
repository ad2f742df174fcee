"""Smaller ONNX files: weights in half precision (fp16), or weights and activations in 8 bits (int8)."""

import copy
import logging
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import Tensor, nn

from fer_hub.errors import InputError
from fer_hub.models.classifier import ExpressionClassifier

PRECISIONS = ("fp32", "fp16", "int8")
CALIBRATION = 512
"""Crops on which the ranges of activations are measured, at most."""

_QUANTIZED = ["Conv", "Gemm", "MatMul"]
_BATCH = 64


class Half(nn.Module):
    """A network in half precision between inputs and outputs in single precision."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.network(inputs.half()).float()
        return outputs


def halved(classifier: ExpressionClassifier) -> ExpressionClassifier:
    """The same classifier, computing in half precision."""
    return ExpressionClassifier(Half(classifier.network), classifier.config)


def quantize(fp32: Path, int8: Path, crops: np.ndarray) -> None:
    """Write an exported file anew with 8-bit weights and activations (post-training static quantization).

    Args:
        fp32: the file as it was exported.
        int8: where the other goes.
        crops: `(N, S, S, 3)` uint8 faces, on which the ranges of activations are measured; the more they are like
            those that will come, the less is lost.
    """
    try:
        from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static  # noqa: PLC0415 optional
    except ImportError:
        raise InputError("int8 needs onnxruntime, which is not installed: pip install onnxruntime.") from None

    class Crops(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self._batches = iter([crops[start : start + _BATCH] for start in range(0, len(crops), _BATCH)])

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"crops": batch}

    logging.getLogger().addFilter(_quiet)
    try:
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            unfinished = Path(folder) / "model.onnx"
            quantize_static(
                fp32,
                unfinished,
                Crops(),
                op_types_to_quantize=_QUANTIZED,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            int8.write_bytes(unfinished.read_bytes())
    finally:
        logging.getLogger().removeFilter(_quiet)


def file_probabilities(file: Path, crops: np.ndarray) -> np.ndarray:
    """`(N, S, S, 3)` uint8 crops -> `(N, K)` probabilities of an exported file."""
    import onnxruntime  # noqa: PLC0415  optional, and slow to import

    session: Any = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    batches = [crops[start : start + _BATCH] for start in range(0, len(crops), _BATCH)]
    return np.concatenate([session.run(None, {"crops": batch})[0] for batch in batches])


def _quiet(record: logging.LogRecord) -> bool:
    """Leaves out the advice that the quantizer gives to its developers."""
    return "pre-processing" not in record.getMessage()
