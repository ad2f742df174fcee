"""What `pip install .` gives, and that it is said once what that needs."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import fer_hub
from fer_hub.export.folder import STANDALONE
from fer_hub.hub.references import bundled_models
from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lines(name: str) -> set[str]:
    """What a file of requirements asks for."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def extras(*names: str) -> set[str]:
    return {requirement for name in names for requirement in PROJECT["optional-dependencies"][name]}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: building leaves traces beside the sources."""
    copy, built = tmp_path_factory.mktemp("copy") / "repository", tmp_path_factory.mktemp("wheel")
    for name in ("fer_hub", "train"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "app.py"):
        shutil.copy(REPOSITORY / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "."]
    subprocess.run([*command, "-w", built], cwd=copy, check=True, capture_output=True)
    (file,) = built.iterdir()
    return file


def test_the_wheel_holds_the_library_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    information = f"fer_hub-{fer_hub.__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"fer_hub", information}
    here = {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("fer_hub/**/*") if path.is_file()}
    expected = {name for name in here if not re.search(r"/__pycache__/|/\.", name)}
    assert {name for name in names if name.startswith("fer_hub/")} == expected
    assert "fer_hub/py.typed" in names


def test_what_is_installed_works_anywhere(wheel, tmp_path):
    where = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", where, wheel]
    subprocess.run(command, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(where), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    result = subprocess.run(
        [where / "bin" / "fer-hub", "models"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert [line.split()[1] for line in result.stdout.splitlines()] == bundled_models()
    result = subprocess.run(
        [where / "bin" / "fer-hub", "recognise"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: there is no command 'recognise' (did you mean recognize?)")
    assert "and fer-hub --help says" in result.stderr


def test_requirements_are_the_packages_own_with_demo_and_training():
    assert lines("requirements.txt") == {*PROJECT["dependencies"], *extras("demo", "train")}


def test_the_tests_have_all_extras():
    assert lines("requirements-dev.txt") > extras(*PROJECT["optional-dependencies"].keys() - {"demo", "train"})


def test_whatever_is_imported_is_declared():
    files = [REPOSITORY / "app.py", *(REPOSITORY / "fer_hub").rglob("*.py"), *(REPOSITORY / "train").rglob("*.py")]
    imported: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    ours = {"fer_hub", "train", *(file.stem for file in STANDALONE.glob("*.py"))}
    others = imported - set(sys.stdlib_module_names) - ours
    others -= {"spaces", "pillow_heif"}  # which Spaces on ZeroGPU have, and who wants HEIC installs
    assert len(others) > 20
    asked = lines("requirements.txt") | lines("requirements-dev.txt")
    declared = {canonical(re.split(r"[\[<>=]", line)[0]) for line in asked}
    packages = packages_distributions()
    missing = {name for name in others if not declared & {canonical(each) for each in packages.get(name, [name])}}
    assert missing == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_place_speaks_of_one_version():
    assert "version" not in PROJECT
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {fer_hub.__version__}\n" in citation
