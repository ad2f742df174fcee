import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import ARCHITECTURES, EXPRESSIONS, InputError, ModelConfig
from fer_hub.alignment import FER2013_GEOMETRY
from fer_hub.models import build_network, count_macs, count_parameters


def config_of(architecture: str, **changes) -> ModelConfig:
    builder = ARCHITECTURES.get(architecture, ARCHITECTURES["simple_cnn"])
    values = {
        "architecture": architecture,
        "dropout": builder.native_dropout,
        "labels": EXPRESSIONS,
        "input_size": builder.native_size,
        "channels": builder.native_channels,
        "grey": True,
        "mean": (0.5,) * builder.native_channels,
        "std": (0.25,) * builder.native_channels,
        "crop": FER2013_GEOMETRY,
    }
    return ModelConfig(**{**values, **changes})


@pytest.mark.parametrize(("architecture", "parameters"), [("simple_cnn", 1_626_055), ("complex_cnn", 4_478_727)])
def test_parameters_are_the_reports(architecture, parameters):
    assert count_parameters(build_network(config_of(architecture))) == parameters


@pytest.mark.parametrize(
    ("architecture", "most"), [("compact_small", 1.5e6), ("compact_medium", 7e6), ("compact_large", 12e6)]
)
def test_compact_networks_are_no_larger_than_they_say(architecture, most):
    assert 0.9 * most < count_parameters(build_network(config_of(architecture))) <= most


@pytest.mark.parametrize(
    ("architecture", "macs"), [("simple_cnn", 20e6), ("complex_cnn", 290e6), ("compact_small", 55e6)]
)
def test_macs_are_those_of_the_readme(architecture, macs):
    config = config_of(architecture)
    network = build_network(config).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    inputs = torch.zeros(1, config.channels, config.input_size, config.input_size)
    assert count_macs(network, inputs) == pytest.approx(macs, rel=0.03)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert count_macs(network.to("meta"), inputs.to("meta")) == pytest.approx(macs, rel=0.03)


def test_macs_of_a_layer_are_exact():
    assert count_macs(torch.nn.Conv2d(3, 8, 3, bias=False), torch.zeros(1, 3, 10, 10)) == 8 * 8 * 8 * 3 * 9


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("size", [None, 16, 65])
def test_every_architecture_gives_one_logit_per_label(architecture, size):
    changes = {} if size is None else {"input_size": size}
    config = config_of(architecture, labels=("happy", "sad", "neutral"), **changes)
    inputs = torch.zeros(2, config.channels, config.input_size, config.input_size)
    assert build_network(config).eval()(inputs).shape == (2, 3)


def test_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'os\.system'; this version has: simple_cnn, complex_cnn"):
        build_network(config_of("os.system"))


def test_configuration_survives_json():
    config = config_of("complex_cnn", temperature=1.25, training={"seed": 3})
    assert ModelConfig.from_json(config.model_dump_json(), "here") == config


@pytest.mark.parametrize(
    "change",
    [
        {"input_size": 10**9},
        {"input_size": -1},
        {"input_size": "48"},
        {"channels": 10**9},
        {"channels": 2},
        {"channels": 1, "mean": [0.5], "std": [0.5], "grey": False},
        {"labels": ["happy"]},
        {"labels": ["happy", "happy"]},
        {"labels": ["happy", "<script>alert(1)</script>"]},
        {"mean": [0.5]},
        {"std": [0.0, 0.0, 0.0]},
        {"temperature": 0.0},
        {"temperature": None},
        {"dropout": 1.5},
        {"crop": {"size": 48, "landmarks": []}},
        {"code": "import os"},
    ],
)
def test_configurations_that_cannot_be_are_refused_by_field(change):
    values = {**json.loads(config_of("simple_cnn").model_dump_json()), **change}
    with pytest.raises(InputError, match=r"hostile\.json is not a model configuration"):
        ModelConfig.from_json(json.dumps(values), "hostile.json")


@given(st.text() | st.binary())
def test_arbitrary_text_is_refused(text):
    with pytest.raises(InputError):
        ModelConfig.from_json(text, "arbitrary.json")
