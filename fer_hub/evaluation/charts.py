"""Pictures of an evaluation, for model cards and the demo: matplotlib figures on white, 600 pixels wide.

The only matplotlib import of the library. Figures are made without pyplot, so that many threads can draw at once;
`figure.savefig("matrix.png")` writes them, twice as fine for sharp screens.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from fer_hub.evaluation.report import EvaluationReport
from fer_hub.expressions import COLOURS

_WIDTH, _DPI = 6.0, 200  # inches, and dots in each: 1200 pixels, shown at 600
_BLUE, _ORANGE, _INK, _FAINT = COLOURS["sad"], COLOURS["angry"], "#222222", "#BBBBBB"
_BLUES = LinearSegmentedColormap.from_list("white to blue", ["white", _BLUE])
_BIN = ("confidence", "accuracy", "images")
_LABEL_BOX = {"facecolor": "white", "edgecolor": _FAINT, "boxstyle": "round,pad=0.4"}


def draw_confusion_matrix(report: EvaluationReport) -> Figure:
    """What is taken for what: rows are labels, columns what the model named, each cell the share of its row and count.

    Right answers lie on the outlined diagonal.
    """
    counts = np.array(report.confusion_matrix)
    totals = np.array([report.per_class[label]["support"] for label in report.labels], dtype=int)
    shares = counts / np.maximum(totals, 1)[:, None]
    figure = Figure(
        figsize=(_WIDTH, 1.2 + 0.62 * len(report.labels)), dpi=_DPI, facecolor="white", layout="constrained"
    )
    axes = figure.subplots()
    axes.imshow(shares, cmap=_BLUES, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        ink = "white" if share > 0.7 else _INK
        axes.text(column, row - 0.08, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=11)
        axes.text(column, row + 0.27, f"{counts[row, column]:,}", ha="center", va="center", color=ink, fontsize=7.5)
    for place in range(len(report.labels)):
        axes.add_patch(Rectangle((place - 0.48, place - 0.48), 0.96, 0.96, fill=False, edgecolor=_INK, linewidth=1.5))
    names = [label.replace("$", r"\$") for label in report.labels]
    rows = [f"{name}\n{total:,}" for name, total in zip(names, totals, strict=True)]
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), rows)
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    axes.set_xlabel("named by the model", labelpad=8)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("labelled, with number of pictures")
    axes.spines[:].set_visible(False)
    return figure


def draw_reliability(report: EvaluationReport) -> Figure:
    """How often the model is right when it is so sure, against the diagonal of a perfectly calibrated one.

    Below, how many pictures it was so sure of. The report must have its `reliability`.
    """
    bins = report.reliability or []
    confidence, accuracy, images = (np.array([bin[name] for bin in bins]) for name in _BIN)
    left, width = np.floor(confidence * 15).clip(max=14) / 15, 1 / 15
    figure = Figure(figsize=(_WIDTH, 5.2), dpi=_DPI, facecolor="white", layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    above.bar(left, accuracy, width, align="edge", color=_BLUE, edgecolor="white", label="right")
    gap_style = {"facecolor": "none", "edgecolor": _ORANGE, "hatch": "////", "linewidth": 1.0}
    above.bar(left, confidence - accuracy, width, accuracy, align="edge", label="gap to its confidence", **gap_style)
    above.plot([0, 1], [0, 1], "--", color=_INK, linewidth=1.2, label="perfectly calibrated")
    error = 100 * report.expected_calibration_error
    above.text(0.98, 0.04, f"calibration error {error:.1f} points", ha="right", fontsize=11, bbox=_LABEL_BOX)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share named right")
    above.legend(loc="upper left", frameon=False)
    below.bar(left, images, width, align="edge", color=_FAINT, edgecolor="white")
    below.set(xlabel="probability the model gave its answer", ylabel="pictures")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    above.yaxis.set_major_formatter(PercentFormatter(1))
    below.xaxis.set_major_formatter(PercentFormatter(1))
    return figure
