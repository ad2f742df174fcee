"""How far to trust further heads: checked against numbers worked out by hand or by scikit-learn."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_hub import EvaluationReport, InputError
from fer_hub.evaluation.heads import measure_heads, value_errors
from fer_hub.evaluation.summary import summarize
from fer_hub.hub.references import resolve
from fer_hub.models.config import Head


def test_concordance_is_what_lins_formula_says():
    true = np.array([1.0, 2.0, 3.0, 4.0])
    assert value_errors(true, true) == {"ccc": 1.0, "rmse": 0.0}
    off = value_errors(true + 1, true)  # 2 * 1.25 / (1.25 + 1.25 + 1)
    assert off == pytest.approx({"ccc": 2.5 / 3.5, "rmse": 1.0})
    assert value_errors(5 - true, true)["ccc"] == pytest.approx(-1.0)
    assert value_errors(np.zeros(4), np.zeros(4)) == {"ccc": 0.0, "rmse": 0.0}


def test_only_what_is_known_counts():
    heads = {"gender": Head(classes=("f", "m")), "age": Head(), "lost": Head(), "silent": Head()}
    answers = {
        "gender": torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]]),
        "age": torch.tensor([[30.0], [40.0], [99.0]]),
        "silent": torch.zeros(3, 1),
    }
    known = {
        "gender": torch.tensor([0, 1, -1]),
        "age": torch.tensor([32.0, 40.0, math.nan]),
        "silent": torch.full((3,), math.nan),
    }
    found = measure_heads(heads, answers, known)
    assert found is not None
    assert set(found) == {"gender", "age"}
    assert found["gender"] == {"accuracy": 0.5, "images": 2}
    assert found["age"]["rmse"] == pytest.approx(math.sqrt(2))
    assert found["age"]["images"] == 2
    assert measure_heads(heads, answers, {}) is None


def test_a_report_holds_both_kinds_and_refuses_others():
    report = replace(
        resolve("fer-live").evaluation,
        auxiliary={"age": {"ccc": -0.5, "rmse": 8.25, "images": 7}, "size": {"accuracy": 0.5, "images": 3}},
    )
    assert EvaluationReport.from_json(report.to_json()).auxiliary == report.auxiliary
    assert "age: CCC -0.500, RMSE 8.25, on 7 pictures." in summarize(report)
    assert "size: accuracy 50.0%, on 3 pictures." in summarize(report)
    for row in ({"ccc": 1.5, "rmse": 1, "images": 1}, {"ccc": 1, "rmse": -1, "images": 1}, {"ccc": 1}, {}):
        with pytest.raises(InputError, match="rows of images with accuracy, 0 to 1, or with ccc, -1 to 1, and rmse"):
            EvaluationReport.from_json(json.dumps(report.to_dict() | {"auxiliary": {"age": row}}))
