"""Write a model as one file that needs none of this code, and say how far its answers are from ours."""

import argparse
from pathlib import Path

from fer_hub.export.onnx_file import FORMATS, export_onnx


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: %(prog)s fer-live --output fer-live.onnx"
    parser.add_argument("model", metavar="REF", help="bundled name, model folder, or owner/name[@revision]")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="format of the file (default: onnx)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where it goes (default: the model's name, here)")


def run(options: argparse.Namespace) -> None:
    """Write a model in another format and print what was compared."""
    file = options.output or Path(f"{Path(options.model.partition('@')[0]).name}.{options.format}")
    difference = export_onnx(options.model, file)
    compared = (
        "not compared with torch: pip install onnxruntime"
        if difference is None
        else f"largest difference from torch in a probability: {difference:.1g}"
    )
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; {compared}.")
