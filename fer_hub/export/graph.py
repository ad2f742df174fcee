"""A module of torch -> one ONNX file."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def write_graph(
    module: nn.Module,
    example: Tensor,
    names: tuple[str, Sequence[str]],
    dynamic: Mapping[int, Any],
    metadata: Mapping[str, str],
    file: Path,
) -> None:
    """Write what a module computes.

    Args:
        module: of one input.
        example: an input.
        names: of the input, and of the outputs.
        dynamic: dimension of the input -> `torch.export.Dim`, where it can be of any size.
        metadata: the file's metadata_props.
        file: what is written.
    """
    given, answered = names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks about itself
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[given],
            output_names=[*answered],
            dynamic_shapes=(dict(dynamic),),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props.update(metadata)
    program.save(file)
