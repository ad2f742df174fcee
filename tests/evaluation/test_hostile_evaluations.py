"""A stranger's evaluation.json and predictions.parquet: what they may hold, and what they may cost."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from fer_hub import EXPRESSIONS, InputError
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.references import BUNDLED

REPORT = json.loads((BUNDLED / "fer-live" / "evaluation.json").read_text())
HAPPY = REPORT["per_class"]["happy"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"robustness": {f"blur {n}": 0.5 for n in range(65)}}, "robustness"),
        ({"robustness": {"blur 1": 7.0}}, "robustness.blur 1"),
        ({"reliability": [{}]}, "reliability: bins of confidence, accuracy and images"),
        ({"reliability": [{"confidence": 0.5, "accuracy": 0.5, "images": -1}]}, "reliability: a number"),
        ({"reliability": [{"confidence": 5, "accuracy": 0.5, "images": 1}]}, "reliability: a number"),
        ({"reliability": [REPORT["reliability"][0]] * 16}, "reliability"),
        ({"images": 10**400}, "images"),
        ({"accuracy": 10**400}, "accuracy"),
        ({"confusion_matrix": [[10**400] * 7] * 7}, "confusion_matrix"),
        ({"confusion_matrix": [[1] * 7] * 1000}, "confusion_matrix"),
        ({"accuracy_unseen": 0.5, "images_seen_in_training": None}, "accuracy_unseen: images_seen_in_training"),
        ({"images_seen_in_training": -1}, "images_seen_in_training"),
        ({"per_class": {**REPORT["per_class"], "happy": HAPPY | {"support": 1e300}}}, "per_class"),
        ({"per_class": {**REPORT["per_class"], "happy": HAPPY | {"f1": -1}}}, "per_class"),
    ],
)  # fmt: skip
def test_an_evaluation_holds_what_one_can_hold(changed, said):
    with pytest.raises(InputError, match=f"not an evaluation.json: {said}"):
        EvaluationReport.from_json(json.dumps(REPORT | changed))


def test_numbers_that_no_program_writes_are_refused():
    text = json.dumps(REPORT).replace(f'"images": {REPORT["images"]}', '"images": ' + "9" * 5000)
    with pytest.raises(InputError, match=r"not an evaluation\.json"):
        EvaluationReport.from_json(text)
    EvaluationReport.from_json(json.dumps(REPORT))


def write(file: Path, rows: int, labels: pyarrow.Array | None = None, each: int = 7) -> Path:
    words = labels if labels is not None else pyarrow.array(["happy"] * rows)
    floats = pyarrow.array(np.full(rows * each, 1 / 7, np.float32))
    table = {
        "index": pyarrow.array(np.zeros(rows, np.int64)),
        "label": words,
        "probabilities": pyarrow.FixedSizeListArray.from_arrays(floats, each),
    }
    pyarrow.parquet.write_table(pyarrow.table(table), file, compression="zstd")
    return file


def test_a_few_bytes_that_stand_for_millions_of_rows_are_not_read(tmp_path):
    file = write(tmp_path / "a.parquet", 2_000_000)
    assert file.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"it stands for .* values, and at most 8,000,000 are read"):
        Predictions.load(file, EXPRESSIONS)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from Linux's /proc")
def test_one_long_word_in_every_row_takes_no_memory(tmp_path):
    word = "x" * 1_000_000
    encoded = pyarrow.DictionaryArray.from_arrays(pyarrow.array(np.zeros(100_000, np.int32)), pyarrow.array([word]))
    file = write(tmp_path / "a.parquet", 100_000, encoded)
    code = (
        f"import sys; sys.path[0] = '.'\nfrom pathlib import Path\nfrom fer_hub import EXPRESSIONS, InputError\n"
        f"from fer_hub.evaluation.predictions import Predictions\n"
        f"try:\n    Predictions.load(Path({str(file)!r}), EXPRESSIONS)\nexcept InputError as e:\n    print('refused')\n"
        f"print(Path('/proc/self/status').read_text())"
    )
    # VmHWM counts since this process began; getrusage would count its parent's memory at the fork too.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused\n")
    assert int(re.findall(r"VmHWM:\s+(\d+) kB", done.stdout)[0]) < 2_000_000  # in full it is 100 GB


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (lambda path: write(path, 3, each=6), "7 probabilities are expected"),
        (lambda path: write(path, 3, pyarrow.array(["happy", None, "sad"])), "label is missing"),
        (lambda path: write(path, 2, pyarrow.array([1, 2])), "does not hold predictions"),
        (lambda path: write(path, 1, pyarrow.array(["bored"])), "does not hold predictions"),
        (lambda path: write(path, 0, pyarrow.array([], pyarrow.string())), "of its 0 pictures"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(tmp_path, file, said):
    with pytest.raises(InputError, match=said):
        Predictions.load(file(tmp_path / "a.parquet"), EXPRESSIONS)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(7), 50).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 7, 50)
    Predictions(EXPRESSIONS, np.arange(50), labels, probabilities).save(tmp_path / "a.parquet")
    loaded = Predictions.load(tmp_path / "a.parquet", EXPRESSIONS)
    assert np.array_equal(loaded.labels, labels)
    assert np.array_equal(loaded.probabilities, probabilities.astype(np.float64))
