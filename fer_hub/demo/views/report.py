"""An EvaluationReport as HTML. Everything in it that a stranger may have written is escaped."""

from html import escape

from fer_hub.evaluation.report import EvaluationReport


def report_html(report: EvaluationReport) -> str:
    """What was asked of the model, and the figures that say most."""
    largest = max(row["support"] for row in report.per_class.values())
    (low, high), name = report.accuracy_ci95, escape(report.model)
    unseen = (
        f" {report.images_seen_in_training:,} of them are copies of pictures it was trained on; on the others its "
        f"accuracy is {report.accuracy_unseen:.1%}."
        if report.accuracy_unseen is not None
        else ""
    )
    no_face = (
        f" In {report.images_without_face:,} of them no face was found, which counts as wrong."
        if report.images_without_face is not None
        else ""
    )
    return f"""
<p><b>{name}</b> was asked to name the {report.images:,} pictures of <code>{escape(report.dataset)}</code>, split
<code>{escape(report.split)}</code>.{unseen}{no_face}</p>
<dl class="fer-tiles">
{_tile("Accuracy", f"{report.accuracy:.1%}", f"named right; {low:.1%} to {high:.1%} with 95% confidence")}
{_tile("Always the commonest", f"{largest / report.images:.1%}", "what naming one expression every time would reach")}
{_tile("Balanced accuracy", f"{report.balanced_accuracy:.1%}", "each expression counts the same, however rare")}
{_tile("Macro F1", f"{report.macro_f1:.3f}", "misses and false alarms together; 1 is perfect")}
{_tile("Calibration error", f"{100 * report.expected_calibration_error:.1f} points", "how far probabilities are off")}
</dl>
"""


def matrix_html(report: EvaluationReport, shares: bool) -> str:
    """The confusion matrix, each cell a button that names its row and column; `shares` fills it with row shares."""
    header = "".join(f'<th scope="col"><span>{escape(label)}</span></th>' for label in report.labels)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(_cell(report, true, named, shares) for named in range(len(report.labels)))
        + "</tr>"
        for true, label in enumerate(report.labels)
    )
    return (
        "<h3>What is taken for what</h3>"
        '<p class="fer-small">Each row is how the pictures are labelled, each column what the model named them. Right '
        "answers lie on the diagonal. Choose a cell to see what is behind it.</p>"
        '<table class="fer-matrix"><caption>labelled (rows), named (columns)</caption>'
        f"<thead><tr><td></td>{header}</tr></thead><tbody>{rows}</tbody></table>"
    )


def small_matrix_html(report: EvaluationReport) -> str:
    """The matrix as row shares alone, to stand beside others."""
    header = "".join(f'<th scope="col"><span>{escape(label)}</span></th>' for label in report.labels)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(
            f'<td{_right(true, named)} style="--share:{_share(report, true, named):.0%}">'
            f"{_share(report, true, named):.0%}</td>"
            for named in range(len(report.labels))
        )
        + "</tr>"
        for true, label in enumerate(report.labels)
    )
    return (
        f'<table class="fer-matrix"><caption>{escape(report.model)}: {report.accuracy:.1%} named right; labelled '
        f"(rows), named (columns)</caption><thead><tr><td></td>{header}</tr></thead><tbody>{rows}</tbody></table>"
    )


def confused_html(report: EvaluationReport) -> str:
    """The most frequent mistakes, each a button to its cell of the matrix."""
    mistakes = "".join(
        f'<li><button type="button" data-cell="{report.labels.index(true)},{report.labels.index(named)}">'
        f"{escape(true)} taken for {escape(named)} <small>{count:,}</small></button></li>"
        for true, named, count in report.most_confused()
    )
    return f'<h3>Most often confused</h3><ol class="fer-confused">{mistakes or "<li>no mistakes</li>"}</ol>'


def per_class_html(report: EvaluationReport) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{row["precision"]:.1%}</td><td>{row["recall"]:.1%}</td>'
        f"<td>{row['f1']:.3f}</td><td>{row['support']:,.0f}</td></tr>"
        for label, row in report.per_class.items()
    )
    header = "".join(f'<th scope="col">{name}</th>' for name in ("Expression", "Precision", "Recall", "F1", "Pictures"))
    return (
        "<h3>Expression by expression</h3>"
        '<p class="fer-small">Precision: of the pictures named so, how many are labelled so. Recall: of the pictures '
        "labelled so, how many were named so. F1: both in one number.</p>"
        f'<table class="fer-table"><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>'
    )


def robustness_html(report: EvaluationReport) -> str:
    """Accuracy by corruption (rows) and strength (columns); nothing where it was not measured."""
    if not report.robustness:
        return ""
    strengths = sorted({name.rpartition(" ")[2] for name in report.robustness})
    rows = "".join(
        f'<tr><th scope="row">{escape(corruption)}</th>'
        + "".join(_held(report, f"{corruption} {strength}") for strength in strengths)
        + "</tr>"
        for corruption in dict.fromkeys(name.rpartition(" ")[0] for name in report.robustness)
    )
    header = "".join(f'<th scope="col">{escape(strength)}</th>' for strength in strengths)
    return (
        "<h3>When pictures are harder to read</h3>"
        f'<p class="fer-small">Accuracy on the same faces, changed in three strengths, from mild (1) to strong (3); '
        f"{report.accuracy:.1%} without a change. The stronger the colour, the more of that is left.</p>"
        f'<table class="fer-matrix fer-robustness"><thead><tr><td></td>{header}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _held(report: EvaluationReport, condition: str) -> str:
    accuracy = (report.robustness or {}).get(condition)
    if accuracy is None:
        return "<td></td>"
    left = min(accuracy / max(report.accuracy, 1e-9), 1)
    return f'<td style="--share:{left:.0%}">{accuracy:.0%}</td>'


def _cell(report: EvaluationReport, true: int, named: int, shares: bool) -> str:
    count, labels = report.confusion_matrix[true][named], report.labels
    share = _share(report, true, named)
    says = escape(
        f"{count:,} of {_support(report, true):,} pictures labelled {labels[true]} were named {labels[named]}"
    )
    return (
        f'<td{_right(true, named)} style="--share:{share:.0%}"><button type="button" data-cell="{true},{named}" '
        f'title="{says}" aria-label="{says}">{f"{share:.0%}" if shares else f"{count:,}"}</button></td>'
    )


def _right(true: int, named: int) -> str:
    return ' class="fer-right"' if true == named else ""


def _share(report: EvaluationReport, true: int, named: int) -> float:
    return report.confusion_matrix[true][named] / max(_support(report, true), 1)


def _support(report: EvaluationReport, true: int) -> int:
    """Pictures labelled so, also those in which no face was found."""
    return int(report.per_class[report.labels[true]]["support"])


def _tile(title: str, value: str, meaning: str) -> str:
    return f"<div><dt>{title}</dt><dd><b>{value}</b><small>{meaning}</small></dd></div>"
