"""Holds what pyproject.toml's import contracts say of the folders, and what is imported at the start."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fer_hub.export.folder import STANDALONE
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


def test_the_contracts_hold():
    """Which folder may import which: [tool.importlinter] in pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_the_contracts_speak_of_every_room():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {name for layer in contracts[0]["layers"] for name in layer.split(" | ")}
    folders = {file.parent.name for file in REPOSITORY.glob("fer_hub/*/__init__.py")}
    modules = {file.stem for file in REPOSITORY.glob("fer_hub/*.py")} - {"__init__"}
    assert layers == {"train", *(f"fer_hub.{room}" for room in folders | modules)}


@pytest.mark.parametrize("module", ["app", "tests"])
def test_the_library_imports_none_of_what_stands_on_it(module):
    assert not [file for file in importers(module) if file.startswith("fer_hub/")]


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
    assert imports(REPOSITORY / "app.py") == {"fer_hub.demo.launch"}


def test_expressions_import_nothing():
    assert imports(REPOSITORY / "fer_hub/expressions.py") == set()


def test_the_package_that_is_installed_has_all_of_it():
    find = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert find["include"] == ["fer_hub*"]
    folders = {file.parent for file in REPOSITORY.glob("fer_hub/**/*.py")} - {STANDALONE}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.slow
def test_the_demo_starts_without_what_only_explanations_and_evaluations_need():
    code = (
        "import sys, fer_hub.demo.app; heavy = ('captum', 'matplotlib', 'sklearn', 'datasets'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
