import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_hub import EvaluationReport, InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.hub.references import bundled_models, resolve

NAMES = ("happy", "sad")
GOOD = {"index": [4, 7], "label": ["sad", "happy"], "probabilities": [[0.25, 0.75], [0.5, 0.5]]}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "predictions.parquet"


def test_what_was_written_is_read(file):
    pq.write_table(pa.table(GOOD), file)
    found = Predictions.load(file, NAMES)
    assert found.index.tolist() == [4, 7]
    assert found.labels.tolist() == [1, 0]
    assert found.probabilities.tolist() == GOOD["probabilities"]
    assert found.correct.tolist() == [True, True]


@pytest.mark.parametrize("name", bundled_models())
def test_a_models_predictions_are_those_of_its_report(name):
    report = resolve(name).evaluation
    found = resolve(name).predictions
    matrix = np.zeros((len(report.labels), len(report.labels)), int)
    np.add.at(matrix, (found.labels, found.named), 1)
    assert matrix.tolist() == report.confusion_matrix


def test_so_are_those_of_a_model_that_was_just_trained(model_folder):
    report = EvaluationReport.from_json((model_folder / "evaluation.json").read_text())
    found = Predictions.load(model_folder / "predictions.parquet", report.labels)
    assert found.correct.mean() == pytest.approx(report.accuracy)


@pytest.mark.parametrize(
    "broken",
    [
        {"label": ["sad", "glad"]},
        {"label": [1, 2]},
        {"label": [None, "sad"]},
        {"probabilities": [[0.5, 0.5], [1.0]]},
        {"probabilities": [[0.5], [1.0]]},
        {"probabilities": [None, [0.5, 0.5]]},
        {"probabilities": [[float("nan"), 0.5], [0.5, 0.5]]},
        {"probabilities": [[-0.5, 1.5], [0.5, 0.5]]},
        {"probabilities": ["a", "b"]},
        {"index": [], "label": [], "probabilities": []},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(file, broken):
    pq.write_table(pa.table({**GOOD, **broken}), file)
    with pytest.raises(InputError, match=r"predictions\.parquet"):
        Predictions.load(file, NAMES)


def test_other_files_are_refused(file, tmp_path):
    with pytest.raises(InputError, match="does not hold predictions"):
        Predictions.load(tmp_path / "absent", NAMES)
    for content in (b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="does not hold predictions"):
            Predictions.load(file, NAMES)
    pq.write_table(pa.table({"index": [1]}), file)
    with pytest.raises(InputError, match="does not hold predictions"):
        Predictions.load(file, NAMES)
