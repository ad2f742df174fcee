"""Model folders from strangers: each fails closed, in one sentence, with nothing done."""

import json
import os
import pickle
import re
import shutil
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fer_hub import EvaluationReport, ExpressionClassifier, InputError
from fer_hub.hub.references import BUNDLED, resolve

MODEL = BUNDLED / "fer-live"
HTML = "<script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "stranger")


def refused(folder: Path, load=None) -> str:
    """The one sentence that a folder is refused with. Nothing may appear or change in it."""
    before = sorted((path, path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    with pytest.raises(InputError) as error:
        (load or ExpressionClassifier.load)(folder)
    assert sorted((path, path.stat().st_size) for path in folder.rglob("*") if path.is_file()) == before
    message = str(error.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert len(message) < 700
    return message


class Pickle:
    """Touches a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_pickles_beside_the_weights_are_not_looked_at(folder, tmp_path):
    for name in ("pytorch_model.bin", "model.pt", "config.pkl"):
        (folder / name).write_bytes(pickle.dumps(Pickle(tmp_path / "pwned")))
    ExpressionClassifier.load(folder)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("kind", ["pickle", "torch", "none"])
def test_pickles_instead_of_the_weights_are_refused(folder, tmp_path, kind):
    weights = folder / "model.safetensors"
    size = weights.stat().st_size
    weights.unlink()
    if kind == "pickle":
        weights.write_bytes(pickle.dumps(Pickle(tmp_path / "pwned")).ljust(size, b"\0"))
    elif kind == "torch":
        torch.save({"a": Pickle(tmp_path / "pwned"), "b": b"\0" * size}, weights)
    else:
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Pickle(tmp_path / "pwned")))
    assert "safetensors" in refused(folder)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"architecture": "os.system"}, "unknown architecture 'os.system'"),
        ({"architecture": "../../etc/passwd"}, "unknown architecture"),
        ({"architecture": "x" * 10_000}, "architecture"),
        ({"architecture": ["compact_small"]}, "architecture"),
        ({"input_size": 10**9}, "input_size"),
        ({"input_size": -48}, "input_size"),
        ({"input_size": 48.5}, "input_size"),
        ({"input_size": True}, "input_size"),
        ({"architecture": "simple_cnn", "input_size": 512}, "do not fit its configuration"),  # half a gigabyte
        ({"channels": 10**9}, "channels"),
        ({"channels": 3}, "mean and std need 3 values"),
        ({"labels": ["happy"]}, "labels"),
        ({"labels": ["happy", "sad"]}, r"expected \(2,"),
        ({"labels": [f"label {number}" for number in range(10_000)]}, "labels"),
        ({"labels": ["happy"] * 7}, "labels repeat"),
        ({"labels": [HTML, "b", "c", "d", "e", "f", "g"]}, "labels"),
        ({"labels": ["Happy\u202e", "b", "c", "d", "e", "f", "g"]}, "labels"),
        ({"mean": [1e308]}, "mean"),
        ({"std": [1e-300]}, "std"),
        ({"temperature": 1e-320, "dropout": 2}, "dropout"),
        ({"dropout": -1}, "dropout"),
        ({"crop": {"size": 10**9, "landmarks": [[0, 0]] * 5}}, "crop"),
        ({"crop": {"size": 48, "landmarks": [[1e300, 0]] * 5}}, "crop"),
        ({"code": "import os"}, "code"),
        ({"auto_map": {"AutoModel": "evil.Model"}}, "auto_map"),
    ],
)
def test_configurations_that_cannot_be_are_refused(folder, change, sentence):
    config = {**json.loads((folder / "config.json").read_text()), **change}
    (folder / "config.json").write_text(json.dumps(config))
    assert re.search(sentence, refused(folder))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"training": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"input_size": ' + b"9" * 500_000 + b"}",
        b'{"temperature": NaN}',
        b" " * (1 << 21),
    ],
    ids=lambda content: f"{content[:16]!r} of {len(content)}",
)
@pytest.mark.parametrize("name", ["config.json", "evaluation.json"])
def test_json_bombs_are_refused(folder, name, content):
    (folder / name).write_bytes(content)
    refused(folder, None if name == "config.json" else evaluation)


def evaluation(folder: Path) -> EvaluationReport:
    return resolve(str(folder)).evaluation


def change_weights(edit):
    def apply(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        edit(tensors)
        save_file(tensors, folder / "model.safetensors")

    return apply


def change_bytes(edit):
    def apply(folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(edit(weights.read_bytes()))

    return apply


BIAS = "classifier.3.bias"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (change_weights(lambda tensors: tensors[BIAS].fill_(float("nan"))), "not finite"),
        (change_weights(lambda tensors: tensors[BIAS].fill_(float("inf"))), "not finite"),
        (change_weights(lambda tensors: tensors.pop(BIAS)), "missing or extra tensors"),
        (change_weights(lambda tensors: tensors.update(extra=torch.zeros(1))), "missing or extra tensors"),
        (change_weights(lambda tensors: tensors.update({BIAS: torch.zeros(1, 7)})), "expected"),
        (
            change_weights(lambda tensors: tensors.update({BIAS: torch.zeros(7, dtype=torch.complex64)})),
            "not of the kind",
        ),
        (change_weights(lambda tensors: tensors.update({BIAS: torch.zeros(7, dtype=torch.int8)})), "not of the kind"),
        (
            change_weights(lambda tensors: tensors.update({f"\x1b[2J\n{HTML}": torch.zeros(1)})),
            "extra tensors: ??2J??s",
        ),
        (change_bytes(lambda content: content[:-1]), "safetensors"),
        (change_bytes(lambda content: content[: len(content) // 3]), "do not fit"),
        (change_bytes(lambda content: content + b"\0" * 100), "safetensors"),
        (change_bytes(lambda content: content + b"\0" * (20 << 20)), "do not fit"),
        (change_bytes(lambda content: struct.pack("<Q", 2**63) + content[8:]), "safetensors"),
        (change_bytes(lambda content: content[:8] + b"[" * (len(content) - 8)), "safetensors"),
        (change_bytes(lambda content: b"\0" * len(content)), "safetensors"),
        (lambda folder: os.truncate(folder / "model.safetensors", 2 << 30), "too large"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder, edit, sentence):
    edit(folder)
    assert sentence in refused(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "evaluation.json"])
@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero", "../secret", "nowhere", "pipe", "folder"])
def test_links_devices_and_pipes_are_not_read(folder, tmp_path, name, target):
    shutil.copy(folder / name, tmp_path / "secret")  # a link to a file that would do, but lies elsewhere
    (folder / name).unlink()
    if target == "pipe":
        os.mkfifo(folder / name)
    elif target == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to(target)
    message = refused(folder, evaluation if name == "evaluation.json" else ExpressionClassifier.load)
    assert "is a link that leads out of the folder" in message or "is not a file" in message


def test_links_inside_the_folder_and_a_link_to_it_are_followed(folder, tmp_path):
    (folder / "model.safetensors").rename(folder / "v2.safetensors")
    (folder / "model.safetensors").symlink_to("v2.safetensors")
    (tmp_path / "latest").symlink_to(folder)
    ExpressionClassifier.load(tmp_path / "latest")


def change_report(**changes):
    return lambda report: report.update(changes)


@pytest.mark.parametrize(
    "edit",
    [
        change_report(accuracy="0.9"),
        change_report(accuracy=HTML),
        change_report(accuracy=0.99),  # not what the matrix says
        change_report(accuracy=float("nan")),
        change_report(macro_f1=7.0),
        change_report(log_loss=-1.0),
        change_report(temperature=0.0),
        change_report(accuracy_ci95=[0.5] * 1000),
        change_report(images=10**400),
        change_report(images=-1),
        change_report(model=HTML),
        change_report(dataset="\x1b[2J\x1b[1;1H"),
        change_report(split="x" * 10_000),
        change_report(model=7),
        change_report(labels=["happy"] * 7),
        change_report(labels=[f"label {number}" for number in range(100)]),
        change_report(labels=None),
        change_report(confusion_matrix=[]),
        change_report(confusion_matrix=[[1] * 7] * 6),
        change_report(confusion_matrix=[[-1] * 7] * 7),
        change_report(confusion_matrix=[[10**6] * 7] * 7),
        change_report(confusion_matrix=[[0.5] * 7] * 7),
        change_report(confusion_matrix=[[0] * 500] * 500),
        change_report(per_class={}),
        change_report(per_class={HTML: {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1.0}}),
        change_report(unknown=1),
        lambda report: report["per_class"]["happy"].pop("f1"),
        lambda report: report.pop("confusion_matrix"),
    ],
)
def test_evaluations_that_cannot_be_are_refused(folder, edit):
    report = json.loads((folder / "evaluation.json").read_text())
    edit(report)
    (folder / "evaluation.json").write_text(json.dumps(report))
    assert "evaluation.json" in refused(folder, evaluation)
    refused(folder, lambda path: resolve(str(path)).summary())


@pytest.mark.parametrize(
    "reference",
    [
        "a/..",
        "../b",
        "a..b/c",
        "a/b@../../main",
        "a/b@..",
        "a/b@/etc/passwd",
        "a/b@x/../y",
        "a/b\n",
        "a/b@main\n",
        "ä/b",
    ],
)
def test_references_that_climb_are_refused_without_asking_anybody(reference):
    with pytest.raises(InputError, match="no model"):
        resolve(reference).summary()


def test_a_card_with_scripts_is_only_ever_text(folder, tmp_path):
    card = f"---\nlibrary_name: !!python/object/apply:os.system ['touch {tmp_path}/pwned']\n---\n{HTML}\n"
    (folder / "README.md").write_text(card)
    ExpressionClassifier.load(folder)
    resolve(str(folder)).summary()
    assert not (tmp_path / "pwned").exists()
