import json
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import ARCHITECTURES, EXPRESSIONS, InputError, ModelConfig
from fer_hub.models import build_network, count_macs, count_parameters, find_architecture
from fer_hub.models.torchvision_classifier import is_torchvision_classifier
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.conftest import REPOSITORY


def config_of(architecture: str, **changes) -> ModelConfig:
    known = architecture in ARCHITECTURES or is_torchvision_classifier(architecture)
    builder = find_architecture(architecture if known else "simple_cnn")
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


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_docs_say_what_each_architecture_costs(architecture):
    with torch.device("meta"):
        config = config_of(architecture)
        network = build_network(config)
        macs = count_macs(network, torch.empty(1, config.channels, config.input_size, config.input_size))
    colour = "grey" if config.channels == 1 else "colour"
    row = f"| `{architecture}` | {config.input_size} px, {colour} | {count_parameters(network):,} | {macs / 1e6:,.0f} |"
    assert row in (REPOSITORY / "docs" / "train.md").read_text(encoding="utf-8")


def test_macs_of_a_layer_are_exact():
    assert count_macs(torch.nn.Conv2d(3, 8, 3, bias=False), torch.zeros(1, 3, 10, 10)) == 8 * 8 * 8 * 3 * 9


@pytest.mark.parametrize(
    ("architecture", "size"),
    [
        *((name, find_architecture(name).native_size) for name in ARCHITECTURES),
        *((name, size) for name in ARCHITECTURES if name != "vggface2" for size in (16, 65)),
        *((name, 64) for name in ("mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5")),
    ],
)
def test_every_architecture_gives_one_logit_per_label(architecture, size):
    config = config_of(architecture, labels=("happy", "sad", "neutral"), input_size=size)
    inputs = torch.zeros(2, config.channels, config.input_size, config.input_size)
    assert build_network(config).eval()(inputs).shape == (2, 3)


def test_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'os\.system'; this version has: simple_cnn, complex_cnn"):
        build_network(config_of("os.system"))


@pytest.mark.parametrize(
    "name",
    ["googlenet", "regnet_y_128gf", "vit_h_14", "fasterrcnn_resnet50_fpn", "quantized_resnet18", "torch.hub", ""],
)
def test_torchvision_names_are_a_closed_list_of_classifiers(name):
    with pytest.raises(InputError, match="classifiers of torchvision by their name there"):
        build_network(config_of(name))


@pytest.mark.parametrize(
    ("architecture", "changes", "message"),
    [
        ("vggface2", {"input_size": 48}, "vggface2 cannot take pictures of 48 px; its own size is 160"),
        ("alexnet", {"input_size": 16}, "alexnet cannot take pictures of 16 px; its own size is 224"),
        ("resnet18", {"channels": 1, "mean": (0.5,), "std": (0.5,)}, "resnet18 takes 3 channels, not 1"),
    ],
)
def test_inputs_that_a_network_cannot_take_are_refused_when_it_is_built(architecture, changes, message):
    with torch.device("meta"), pytest.raises(InputError, match=message):
        build_network(config_of(architecture, **changes))


def test_dropout_stands_before_the_last_layer_of_a_torchvision_network():
    network = build_network(config_of("resnet18", input_size=32, dropout=0.9))
    inputs = torch.randn(4, 3, 32, 32)
    head, found = network.get_submodule("fc.1"), []
    head.register_forward_pre_hook(lambda _, given: found.append((given[0] == 0).float().mean().item()))
    network.train()(inputs)
    network.eval()(inputs)
    assert found[0] > 0.8
    assert found[1] < 0.5


def test_the_attention_map_is_what_the_logits_are_made_of():
    config = config_of("attention")
    network: Any = build_network(config).eval()
    torch.nn.init.normal_(network.look.score.weight)
    inputs = torch.randn(2, 1, 48, 48)
    features, shares = network.features(inputs), network.attention_map(inputs)
    assert shares.shape == (2, 1, 6, 6)
    assert torch.allclose(shares.sum(dim=(1, 2, 3)), torch.ones(2))
    assert shares.std() > 0.002
    assert torch.allclose(network.classifier((features * shares).sum(dim=(2, 3))), network(inputs), atol=1e-5)
    assert count_parameters(network) <= 2e6


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
