"""The README is the Space's front page and a newcomer's map: both must be true."""

import re

import torch

from fer_hub.hub.references import bundled_models, read_evaluation, resolve
from fer_hub.models import build_network, count_macs, count_parameters
from fer_hub.models.config import load_config
from fer_hub.space.spacefile import read_spacefile, with_front_matter
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def layout() -> set[str]:
    """Paths that the layout lists, folders with a slash at the end."""
    found = re.search(r"## Layout\n.*?```\n(.*?)```", README, re.DOTALL)
    assert found is not None
    paths, folder = set(), ""
    for line in found[1].splitlines():
        name = line.split()[0]
        folder = folder if line.startswith("  ") else name if name.endswith("/") else ""
        paths.add(name if name == folder else folder + name)
    return paths


def test_front_matter_is_the_spacefiles():
    assert with_front_matter(README, read_spacefile(REPOSITORY / "Spacefile")) == README


def test_the_layout_lists_what_is_there():
    for path in layout():
        assert (REPOSITORY / path).exists(), path
    for folder in ("fer_hub", "train"):
        for module in (REPOSITORY / folder).glob("*.py"):
            assert module.name == "__init__.py" or f"{folder}/{module.name}" in layout()


def test_every_bundled_model_has_a_row_of_its_own_numbers():
    for name in bundled_models():
        report, config = read_evaluation(name), load_config(resolve(name))
        with torch.device("meta"):
            network = build_network(config)
            macs = count_macs(network, torch.empty(1, config.channels, config.input_size, config.input_size))
        times = "2 x " if config.mirror else ""
        low, high = report.accuracy_ci95
        row = (
            f"| `{name}` | {count_parameters(network):,} | {times}{macs / 1e6:,.0f} | MS | {report.accuracy:.1%} | "
            f"{low:.1%} to {high:.1%} | {report.macro_f1:.3f} | {report.expected_calibration_error:.3f} | "
            f"{report.accuracy_unseen:.1%} |"
        )
        assert re.search(re.escape(row).replace("MS", r"\d+(\.\d)?"), README), row


def test_pictures_and_links_inside_the_repository_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / target).exists(), target
