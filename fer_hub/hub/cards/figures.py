"""What a model card says of an evaluation and a network, as text for the template.

An evaluation or a configuration may be a stranger's: all their text is made plain here.
"""

from typing import Any

import torch

from fer_hub.errors import plain
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import MATRIX_PICTURE, RELIABILITY_PICTURE
from fer_hub.models import build_network, count_macs, count_parameters
from fer_hub.models.config import Head, ModelConfig

FEW_CALIBRATED = 500
"""A temperature that was fitted on fewer pictures is marked."""

_FEW = 8
"""Classes of a further head that a card lists."""


def network_figures(config: ModelConfig) -> dict[str, Any]:
    """What the network is, and what it costs."""
    with torch.device("meta"):  # counts without allocating
        network = build_network(config)
        macs = count_macs(network, torch.empty(1, config.channels, config.input_size, config.input_size))
    calibrated_on = config.training.get("calibrated_on")
    few = isinstance(calibrated_on, int) and calibrated_on < FEW_CALIBRATED
    return {
        "labels": config.labels,
        "purpose": config.purpose,
        "architecture": plain(config.architecture),
        "parameters": f"{count_parameters(network):,}",
        "million_macs": f"{macs / 1e6:,.0f}",
        "mirror": config.mirror,
        "input_size": config.input_size,
        "grey": config.grey,
        "heads": [f"{plain(name)} ({_answers(head)})" for name, head in config.heads.items()],
        "few_calibrated": f"{calibrated_on:,}" if few else "",
    }


def _answers(head: Head) -> str:
    """What a further head can say."""
    if not head.classes:
        return "a value"
    return ", ".join([*map(plain, head.classes[:_FEW]), *(["..."] if len(head.classes) > _FEW else [])])


def report_figures(report: EvaluationReport) -> dict[str, Any]:
    """The numbers of an evaluation, as a reader sees them."""
    low, high = report.accuracy_ci95
    return {
        "images": f"{report.images:,}",
        "split": plain(report.split),
        "accuracy": f"{report.accuracy:.1%}",
        "low": f"{low:.1%}",
        "high": f"{high:.1%}",
        "balanced_accuracy": f"{report.balanced_accuracy:.1%}",
        "macro_f1": f"{report.macro_f1:.3f}",
        "log_loss": f"{report.log_loss:.3f}",
        "commonest": f"{report.commonest_share:.1%}",
        "worse": report.is_worse_than_commonest,
        "without_face": "" if report.images_without_face is None else f"{report.images_without_face:,}",
        "seen": f"{report.images_seen_in_training or 0:,}",
        "unseen": "" if report.accuracy_unseen is None else f"{report.accuracy_unseen:.1%}",
        "mistakes": [f"{plain(true)} taken for {plain(named)} ({n:,})" for true, named, n in report.most_confused()],
        "report_labels": [plain(label) for label in report.labels],
        "matrix": [(plain(name), *row) for name, row in zip(report.labels, report.confusion_matrix, strict=True)],
        "per_class": [
            (plain(name), f"{row['precision']:.1%}", f"{row['recall']:.1%}", f"{row['f1']:.3f}", f"{row['support']:,}")
            for name, row in report.per_class.items()
        ],
        "calibration_error": f"{100 * report.expected_calibration_error:.1f}",
        "temperature": f"{report.temperature:.2f}",
        "matrix_picture": MATRIX_PICTURE,
        "reliability_picture": RELIABILITY_PICTURE if report.reliability else "",
        "robustness": _robustness(report),
        "named_further": [
            (plain(name), f"{row['accuracy']:.1%}", f"{row['images']:,.0f}")
            for name, row in (report.auxiliary or {}).items()
            if "accuracy" in row
        ],
        "valued_further": [
            (plain(name), f"{row['ccc']:.3f}", f"{row['rmse']:.3g}", f"{row['images']:,.0f}")
            for name, row in (report.auxiliary or {}).items()
            if "ccc" in row
        ],
        "weakest": _weakest(report),
    }


def _robustness(report: EvaluationReport) -> dict[str, Any]:
    found = report.robustness_by_corruption()
    strengths = sorted({strength for row in found.values() for strength in row})
    rows = [
        (plain(name), *(f"{row[strength]:.1%}" if strength in row else "" for strength in strengths))
        for name, row in found.items()
    ]
    return {"strengths": [plain(strength) for strength in strengths], "rows": rows} if found else {}


def _weakest(report: EvaluationReport) -> str:
    """What the report says is named worst."""
    occurring = {name: row for name, row in report.per_class.items() if row["support"]}
    name, row = min(occurring.items(), key=lambda item: item[1]["recall"])
    sentence = f"Least recognised is {plain(name)}: {row['recall']:.1%} of {row['support']:,} pictures."
    if not report.robustness:
        return sentence
    corruption, accuracy = min(report.robustness.items(), key=lambda item: item[1])
    return f"{sentence} Of the changes that were tried, `{plain(corruption)}` costs most: {accuracy:.1%} are left."
