"""The README is the Space's front page; from it and the pages under docs/ people type: all of it must be true."""

import ast
import contextlib
import importlib
import io
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch

from fer_hub.hub.references import bundled_models, resolve
from fer_hub.models import build_network, count_macs, count_parameters
from fer_hub.space.spacefile import read_spacefile, with_front_matter
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")})
NAMES = [str(page.relative_to(REPOSITORY)) for page in PAGES]


def typed(page: Path) -> list[list[str]]:
    """The words of each line of our commands in a page's blocks of code; those that are cut short are left out."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for block in re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            for part in line.removeprefix("$ ").split(" #")[0].split("&&"):
                started = re.search(r"(python (?:-m fer_hub|(?:train|tests)/\S+\.py)|fer-hub(?= [a-z-]))(.*)", part)
                if started and "..." not in part:
                    found.append([*started[1].split(), *shlex.split(started[2])])
    return found


@cache
def flags_of(command: tuple[str, ...]) -> set[str]:
    """The flags that a command's own help shows."""
    shown = io.StringIO()
    if command[0] == "python" and command[1].startswith("train/"):
        main = importlib.import_module(command[1].removesuffix(".py").replace("/", ".")).main
        arguments = ["--help"]
    else:
        main, arguments = importlib.import_module("fer_hub.__main__").main, [command[-1], "--help"]
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        main(arguments)
    further = flags_of(("python", "train/finetune.py")) if command[-1] == "train/tune.py" else set()
    return {*re.findall(r"--[a-z][a-z-]*", shown.getvalue()), *further}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_can_be_typed_as_they_stand(page):
    for words in typed(page):
        if words[1].endswith(".py"):
            assert (REPOSITORY / words[1]).is_file(), words
        if words[1].startswith("tests/"):
            continue
        start = 3 if words[1] == "-m" else 2
        flags = {word.partition("=")[0] for word in words[start:] if word.startswith("--")}
        assert flags <= {*flags_of(tuple(words[:start])), "--help", "--version"}, words


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_code_imports_what_there_is(page):
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert [name.name for name in node.names if not hasattr(module, name.name)] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_pictures_and_links_inside_the_repository_exist(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_paths_that_are_named_exist(page):
    for path in re.findall(r"`((?:fer_hub|train|tests|docs)/[\w/.-]+)`", page.read_text(encoding="utf-8")):
        assert "NAME" in path or (REPOSITORY / path).exists(), path


def test_front_matter_is_the_spacefiles():
    assert with_front_matter(README, read_spacefile(REPOSITORY / "Spacefile")) == README


def test_the_readme_is_for_newcomers():
    assert len(README.splitlines()) <= 200


def house() -> set[str]:
    """Paths of the tree in CONTRIBUTING.md."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = text.partition("## The house")[2].split("```")[1]
    paths: list[str] = []
    parents: list[str] = []
    for line in tree.strip().splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        parents[depth:] = [name]
        paths.append("".join(parents).rstrip("/"))
    return set(paths)


def test_the_house_is_as_the_tree_says():
    listed = house()
    assert [path for path in listed if not (REPOSITORY / path).exists()] == []
    rooms = {file.parent for file in REPOSITORY.glob("fer_hub/*/**/__init__.py")}
    rooms |= {file for file in REPOSITORY.glob("fer_hub/*.py") if file.stem != "__init__"}
    assert {str(room.relative_to(REPOSITORY)) for room in rooms} - listed == set()


def test_every_bundled_model_has_rows_of_its_own_numbers():
    results = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
    for name in bundled_models():
        report, config = resolve(name).evaluation, resolve(name).config
        with torch.device("meta"):
            network = build_network(config)
            macs = count_macs(network, torch.empty(1, config.channels, config.input_size, config.input_size))
        times = "2 x " if config.mirror else ""
        low, high = report.accuracy_ci95
        parameters, accuracy = f"{count_parameters(network):,}", f"{report.accuracy:.1%} | {low:.1%} to {high:.1%}"
        assert re.search(rf"\| `{name}` \| [^|]+ \| {parameters} \| {re.escape(accuracy)} \|", README), name
        row = (
            f"| `{name}` | {parameters} | {times}{macs / 1e6:,.0f} | MS | {accuracy} | {report.macro_f1:.3f} | "
            f"{report.expected_calibration_error:.3f} | {report.accuracy_unseen:.1%} |"
        )
        assert re.search(re.escape(row).replace("MS", r"\d+(\.\d)?"), results), row


def test_the_pages_are_whole(tmp_path):
    """Every page is reached, and every name of the library's reference is there."""
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
