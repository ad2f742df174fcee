import io

import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, EvaluationReport
from fer_hub.evaluation.charts import draw_confusion_matrix, draw_reliability
from tests.evaluation.test_metrics import answers, score


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return score(*answers(0, 500), EXPRESSIONS)


def texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in (*axes.texts, *axes.get_yticklabels())]


def as_picture(figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_the_matrix_shows_every_count_and_share(report):
    shown = texts(draw_confusion_matrix(report))
    for row, label in zip(report.confusion_matrix, report.labels, strict=True):
        assert f"{label}\n{sum(row):,}" in shown
        for count in row:
            assert f"{count:,}" in shown
            assert f"{count / sum(row):.0%}" in shown


def test_rows_are_labels_and_columns_what_was_named():
    report = score(np.array([0, 0, 1]), np.eye(2)[[0, 1, 1]], ("happy", "sad"))
    cells = {text.get_position(): text.get_text() for text in draw_confusion_matrix(report).axes[0].texts}
    shares = {(round(x), round(y)): text for (x, y), text in cells.items() if "%" in text}
    assert shares == {(0, 0): "50%", (1, 0): "50%", (0, 1): "0%", (1, 1): "100%"}


def test_the_reliability_bars_are_the_bins(report):
    above, below = draw_reliability(report).axes
    bars = [(bar.get_x(), bar.get_height()) for bar in above.containers[0]]
    assert [height for _, height in bars] == pytest.approx([bin["accuracy"] for bin in report.reliability])
    for (left, _), bin in zip(bars, report.reliability, strict=True):
        assert left <= bin["confidence"] <= left + 1 / 15
    assert sum(bar.get_height() for bar in below.containers[0]) == report.images
    assert f"calibration error {100 * report.expected_calibration_error:.1f} points" in texts(above.figure)


@pytest.mark.parametrize("draw", [draw_confusion_matrix, draw_reliability])
def test_pictures_are_light_and_sharp(draw, report):
    picture = as_picture(draw(report))
    assert picture.shape[1] == 1200
    assert (picture[0] == 255).all()
    assert (picture.min(axis=2) < 60).mean() > 0.003  # there is ink


def test_one_picture_and_strange_labels_can_be_drawn():
    report = score(np.array([0]), np.eye(2)[[0]], ("a $x_{ b", "<b>"))
    as_picture(draw_confusion_matrix(report))
    as_picture(draw_reliability(report))
