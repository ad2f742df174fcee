"""Holds the arrows of the architecture: app -> fer_hub.demo -> fer_hub, train -> fer_hub, nothing back."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FILES = [REPOSITORY / "app.py", *REPOSITORY.glob("fer_hub/**/*.py"), *REPOSITORY.glob("train/**/*.py")]


def imports(file: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names.add(node.module or "")
    return names


def uses(file: Path, module: str) -> bool:
    return any(name == module or name.startswith(module + ".") for name in imports(file))


def importers(module: str) -> set[str]:
    return {str(file.relative_to(REPOSITORY)) for file in FILES if uses(file, module)}


def test_only_the_demo_imports_gradio():
    assert all(file.startswith("fer_hub/demo/") for file in importers("gradio"))


@pytest.mark.parametrize("module", ["train", "app", "tests"])
def test_the_library_imports_none_of_what_stands_on_it(module):
    assert not [file for file in importers(module) if file.startswith("fer_hub/")]


def test_only_the_app_imports_the_demo():
    assert {file for file in importers("fer_hub.demo") if not file.startswith("fer_hub/demo/")} == {"app.py"}


def test_training_never_imports_the_demo():
    assert not [file for file in importers("fer_hub.demo") if file.startswith("train/")]


def room(file: str) -> str:
    """The folder of fer_hub that a file lies in, or the file itself where it lies in none."""
    parts = file.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else file


@pytest.mark.parametrize(
    ("module", "only"),
    [
        ("facenet_pytorch", {"fer_hub/vision", "fer_hub/models"}),
        ("sklearn", {"fer_hub/evaluation", "fer_hub/training", "fer_hub/data"}),
        ("datasets", {"fer_hub/demo", "fer_hub/data"}),
        ("matplotlib", {"fer_hub/evaluation", "fer_hub/training", "fer_hub/hub"}),
        ("optuna", {"fer_hub/training", "train/tune.py"}),
        ("av", {"fer_hub/video"}),
        ("captum", {"fer_hub/explain"}),
        ("transformers", {"fer_hub/models"}),
        ("timm", {"fer_hub/models"}),
        ("onnxruntime", {"fer_hub/export"}),
        ("imagehash", {"fer_hub/data"}),
        ("httpx2", {"fer_hub/hub"}),
    ],
)
def test_a_library_is_met_in_few_rooms(module, only):
    assert {room(file) for file in importers(module)} <= only


def test_the_app_imports_no_torch_itself():
    assert imports(REPOSITORY / "app.py") == {"fer_hub.demo.app"}


def test_expressions_import_nothing():
    assert imports(REPOSITORY / "fer_hub/expressions.py") == set()


def test_the_package_that_is_installed_has_all_of_it():
    find = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert find["include"] == ["fer_hub*"]
    folders = {file.parent for file in REPOSITORY.glob("fer_hub/**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_demo_starts_without_what_only_explanations_and_evaluations_need():
    code = (
        "import sys, fer_hub.demo.app; heavy = ('captum', 'matplotlib', 'sklearn', 'datasets'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
