"""An EvaluationReport in a few lines of plain text, for a terminal."""

from fer_hub.evaluation.report import EvaluationReport


def summarize(report: EvaluationReport) -> str:
    """Accuracy, mistakes, and where they were measured calibration and robustness."""
    low, high = report.accuracy_ci95
    lines = [
        f"{report.model} on {report.images:,} pictures of {report.split}: accuracy {report.accuracy:.1%} "
        f"(95% interval {low:.1%} to {high:.1%}), balanced {report.balanced_accuracy:.1%}, macro F1 "
        f"{report.macro_f1:.3f}, log loss {report.log_loss:.3f}, calibration error "
        f"{report.expected_calibration_error:.3f}."
    ]
    if report.is_worse_than_commonest:
        lines.append(f"Always naming the commonest expression would do better: {report.commonest_share:.1%}.")
    if report.images_without_face is not None:
        found = report.images - report.images_without_face
        lines.append(
            f"A face was found in {found:,} of them; on these the accuracy is "
            f"{report.accuracy * report.images / max(found, 1):.1%}."
        )
    if report.accuracy_unseen is not None:
        lines.append(
            f"{report.images_seen_in_training} stand in train too; on the others: {report.accuracy_unseen:.1%}."
        )
    mistakes = [f"{true} taken for {named} ({count})" for true, named, count in report.most_confused()]
    lines.append(f"Most frequent mistakes: {', '.join(mistakes) or 'none'}.")
    for name, row in (report.auxiliary or {}).items():
        errors = f"CCC {row['ccc']:.3f}, RMSE {row['rmse']:.3g}" if "ccc" in row else f"accuracy {row['accuracy']:.1%}"
        lines.append(f"{name}: {errors}, on {row['images']:,} pictures.")
    if report.reliability is not None:
        lines += ["", "How often it is right when it is so sure:", "confidence  right  pictures"]
        lines += [
            f"{bin['confidence']:10.0%}  {bin['accuracy']:5.0%}  {bin['images']:8,}" for bin in report.reliability
        ]
    if report.robustness is not None:
        lines += ["", f"Accuracy by corruption and strength ({report.accuracy:.1%} without any):"]
        lines += [
            f"{corruption:14}" + "".join(f"{accuracy:8.1%}" for accuracy in by_strength.values())
            for corruption, by_strength in report.robustness_by_corruption().items()
        ]
    return "\n".join(lines)
