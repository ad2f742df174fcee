"""The README is the Space's front page and a newcomer's map: both must be true."""

import re

import yaml

from fer_hub.hub import read_evaluation, summarize
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_front_matter_is_the_spacefile():
    block = README.split("---\n")[1]
    assert yaml.safe_load(block) == yaml.safe_load((REPOSITORY / "Spacefile").read_text(encoding="utf-8"))


def test_every_file_of_the_layout_is_there_and_every_module_is_in_the_layout():
    layout = re.search(r"## Layout\n.*?```\n(.*?)```", README, re.DOTALL)
    assert layout is not None
    listed, folder = set(), ""
    for line in layout[1].splitlines():
        name = line.split()[0]
        if line.startswith("  "):
            listed.add(folder + name)
        else:
            folder = name if name.endswith("/") else ""
            listed.add(name)
    for name in listed:
        assert (REPOSITORY / name).exists(), name
    modules = {
        str(path.relative_to(REPOSITORY))
        for folder in ("fer_hub", "train")
        for path in (REPOSITORY / folder).rglob("*.py")
        if path.name not in ("__init__.py",)
    }
    missing = {
        m
        for m in modules
        if m not in listed and not any(n.endswith("/") and m.startswith(n) and n.count("/") > 1 for n in listed)
    }
    assert missing == set()


def test_results_are_the_evaluations():
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d,]+) \| ([\d.]+) % \| ([\d.]+)-([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", README, re.M
    )
    assert rows
    for name, parameters, accuracy, low, high, macro_f1, error in rows:
        report = read_evaluation(name)
        assert int(parameters.replace(",", "")) == summarize(name).parameters
        assert accuracy == f"{100 * report.accuracy:.1f}"
        assert [low, high] == [f"{100 * bound:.1f}" for bound in report.accuracy_ci95]
        assert macro_f1 == f"{report.macro_f1:.3f}"
        assert error == f"{report.expected_calibration_error:.3f}"
