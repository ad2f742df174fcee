"""Networks of timm, of transformers and of other packages: trained, loaded again without a network, exported."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.models import save_for_hf

from fer_hub import ExpressionClassifier, InputError, ModelFolder
from fer_hub.export.onnx_file import TOLERANCE, export_onnx
from fer_hub.hub.cards.origin import licence_text
from fer_hub.models import build_network, find_architecture
from fer_hub.training import initial_weights
from fer_hub.training.config.flags import parse_config
from fer_hub.training.config.groups import NetworkConfig
from fer_hub.training.initial_weights import find_initial_weights
from tests.foreign_models import write_vit
from tests.models.test_models import config_of
from train import finetune

COMMIT = "0123456789" * 4
QUICK = "--epochs 1 --max-train-images 60 --validation-share 0.2 --device cpu --batch-size 16 --learning-rate 1e-9"
ANIMALS = ("cat", "dog", "newt")


@pytest.fixture
def published(tmp_path, monkeypatch) -> Path:
    """What the Hub would give for any repository: `tmp_path/COMMIT`, to be filled."""
    asked = []

    def fetch(repository: str, *_: Any, **__: Any) -> Path:
        asked.append(repository)
        return tmp_path / COMMIT

    monkeypatch.setattr(initial_weights, "fetch_folder", fetch)
    return tmp_path / COMMIT


def trained(architecture: str, dataset: Path, output: Path, *flags: str) -> ModelFolder:
    finetune.main(
        ["--architecture", architecture, "--dataset", str(dataset), "--output", str(output), *QUICK.split(), *flags]
    )
    return ModelFolder(output / "model")


@pytest.mark.slow
def test_a_network_of_timm(published, known_geometry, dataset_folder, tmp_path):
    torch.manual_seed(0)
    library = timm.create_model("test_resnet", num_classes=3)
    save_for_hf(library, str(published), safe_serialization=True)
    model = trained("timm/test_resnet", dataset_folder, tmp_path / "run", "--input-size", "64")
    config = model.config
    assert (config.architecture, config.input_size, config.mean) == ("timm/test_resnet", 64, (0.5, 0.5, 0.5))
    assert config.training["started_from"] == f"the model timm/test_resnet.r160_in1k@{COMMIT}"
    network: Any = model.load().network
    assert torch.allclose(network.conv1[0].weight, library.state_dict()["conv1.0.weight"].half().float(), atol=1e-3)
    assert "base_model: timm/test_resnet.r160_in1k" in model.card
    assert "The card of timm/test_resnet.r160_in1k on the Hub says on what terms." in model.card
    difference = export_onnx(str(model), tmp_path / "model.onnx")
    assert difference is not None
    assert difference <= TOLERANCE


def test_a_network_of_transformers(published, known_geometry, dataset_folder, tmp_path):
    library = write_vit(published, ANIMALS)
    model = trained("hf/tester/vit", dataset_folder, tmp_path / "run")
    config = model.config
    assert (config.architecture, config.input_size) == ("hf/tester/vit", 32)
    assert config.mean == pytest.approx((0.4,) * 3)
    assert config.backbone is not None
    assert config.backbone["model_type"] == "vit"
    assert config.training["started_from"] == f"the model tester/vit@{COMMIT}"
    (published / "config.json").unlink()  # nothing but the model folder is needed from here on
    weights = load_file(model.path / "model.safetensors")
    name = "vit.embeddings.patch_embeddings.projection.weight"
    assert torch.allclose(weights[f"network.{name}"].float(), library.state_dict()[name], atol=1e-2)
    assert ExpressionClassifier.load(model.path).probabilities(torch.zeros(1, 3, 48, 48).byte()).shape == (1, 7)
    difference = export_onnx(str(model), tmp_path / "model.onnx")
    assert difference is not None
    assert difference <= TOLERANCE


def test_a_strangers_settings_run_no_code_and_name_no_other_weights():
    for settings, message in (
        ({"model_type": "vit", "auto_map": {"AutoConfig": "evil.Config"}}, "brings code of its own"),
        ({"model_type": "bert"}, "is a transformers model of type 'bert'"),
        ({"model_type": "vit", "hidden_size": 10**9}, "hidden_size is 1000000000"),
        ({}, "of type None"),
    ):
        config = config_of("hf/tester/vit", backbone=settings)
        with pytest.raises(InputError, match=message):
            build_network(config)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with two entry points, one of which is broken."""
    (tmp_path / "site" / "own_nets-1.0.dist-info").mkdir(parents=True)
    info = tmp_path / "site" / "own_nets-1.0.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-nets\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[fer_hub.architectures]\nown_net = own_nets_for_a_test:OwnNet\nbroken_net = own_nets_for_a_test:Nothing\n"
    )
    (tmp_path / "site" / "own_nets_for_a_test.py").write_text(
        "from torch import nn\n\n\nclass OwnNet(nn.Sequential):\n    native_channels, native_size = 1, 32\n\n"
        "    def __init__(self, channels, input_size, classes, dropout):\n"
        "        super().__init__(nn.Conv2d(channels, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),\n"
        "                         nn.Dropout(dropout), nn.Linear(4, classes))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def test_a_network_of_ones_own(installed, known_geometry, dataset_folder, tmp_path):
    model = trained("own_net", dataset_folder, tmp_path / "run")
    assert (model.config.architecture, model.config.input_size, model.config.channels) == ("own_net", 32, 1)
    assert type(ExpressionClassifier.load(model.path).network).__name__ == "OwnNet"
    with pytest.raises(InputError, match=r"architecture broken_net \(own_nets_for_a_test:Nothing\) cannot be used"):
        find_architecture("broken_net")
    with pytest.raises(InputError, match=r"this version has: .*vggface2, broken_net, own_net, classifiers"):
        find_architecture("nothing")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm/nothing_of_the_kind", "the installed timm has no network 'nothing_of_the_kind'"),
        ("timm/resnet18.nope", r"timm has no weights 'nope' for resnet18, only .*a1_in1k"),
        ("timm/hf-hub:a/b", "has no network"),
        ("hf/../../etc", "unknown architecture"),
    ],
)
def test_names_that_mean_nothing_are_told(name, message):
    with pytest.raises(InputError, match=message):
        find_architecture(name)


@pytest.mark.parametrize(("name", "library"), [("timm/resnet18", "timm"), ("hf/a/b", "transformers")])
def test_a_library_that_is_missing_is_named_with_its_command(name, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        InputError, match=rf'needs {library}, which is not installed: pip install "fer-hub\[backbones\]"'
    ):
        find_architecture(name)


def test_a_backbone_comes_from_the_hub_as_one_commit_without_pickles(hub, client, repository, tmp_path):
    write_vit(tmp_path / "vit", ANIMALS)
    (tmp_path / "vit" / "pytorch_model.bin").write_bytes(b"a pickle")
    stored = hub.store.add_folder("models", repository, tmp_path / "vit")
    status, out, err = client.call("fer_hub.hub.download:fetch", repository, None, None, backbone=True)
    assert (status, err) == (0, "")
    assert Path(out.strip()).name == stored.refs["main"]
    assert sorted(os.listdir(out.strip())) == ["config.json", "model.safetensors", "preprocessor_config.json"]


@pytest.fixture
def own_model(tmp_path) -> Path:
    """The folder of an untrained compact_tiny."""
    config = config_of("compact_tiny")
    (tmp_path / "tiny").mkdir()
    ExpressionClassifier(build_network(config), config).save(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_the_architecture_is_that_of_the_model_to_start_from(own_model):
    start = ["--init-from", str(own_model)]
    assert parse_config(start).network.architecture == "compact_tiny"
    assert parse_config([*start, "--recipe", "transfer"]).network.architecture == "compact_tiny"
    other = parse_config([*start, "--architecture", "attention"]).network
    with pytest.raises(InputError, match="give --architecture compact_tiny, or leave it out"):
        find_initial_weights(other)


def test_a_file_of_weights_is_a_start_that_nobody_vouches_for(own_model, known_geometry, dataset_folder, tmp_path):
    file = tmp_path / "some.safetensors"
    tensors = {name: tensor.float() for name, tensor in load_file(own_model / "model.safetensors").items()}
    save_file(tensors, file)
    model = trained("compact_tiny", dataset_folder, tmp_path / "run", "--init-from", str(file))
    network: Any = model.load().network
    assert torch.allclose(network.features[0].weight, tensors["features.0.weight"], atol=1e-3)
    started_from = model.config.training["started_from"]
    assert started_from.startswith("the file some.safetensors (sha256 ")
    assert "license: other" in model.card
    assert f"started from {started_from}. The terms of what they started from hold" in model.card
    with pytest.raises(InputError, match="there is no such file"):
        find_initial_weights(NetworkConfig(init_from="nothing.safetensors"))
    save_file({"x": torch.zeros(1)}, file)
    start = find_initial_weights(NetworkConfig(architecture="compact_tiny", init_from=str(file)))
    with pytest.raises(InputError, match="does not fit the network"):
        start.initialise(build_network(config_of("compact_tiny")), ("happy", "sad"))


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_weights_of_either_version_bear_their_librarys_terms(version):
    name = f"torchvision's ResNet50_Weights.IMAGENET1K_{version}"
    config = config_of("resnet50", training={"started_from": name})
    assert f"started from {name}. Those are BSD-3-Clause" in licence_text(config)
    unknown = config_of("resnet50", training={"started_from": "torchvision's ResNet50_Weights.IMAGENET1K_V9"})
    assert "The terms of what they started from hold" in licence_text(unknown)


def test_a_configuration_without_a_backbone_is_read_as_before():
    values = json.loads(config_of("simple_cnn").model_dump_json())
    del values["backbone"]
    assert type(config_of("simple_cnn")).from_json(json.dumps(values), "it").backbone is None
