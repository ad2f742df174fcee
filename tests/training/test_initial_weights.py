import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torchvision import models

from fer_hub import ExpressionClassifier, InputError
from fer_hub.models import build_network, find_architecture
from fer_hub.models.pretrained import PretrainedWeights, head_name, load_backbone
from fer_hub.training.config.groups import NetworkConfig, OptimisationConfig
from fer_hub.training.initial_weights import fetch, find_initial_weights
from fer_hub.training.optimizer import TrainState
from fer_hub.training.run.checkpoint import Checkpoint
from tests.models.test_models import config_of
from train import finetune

SMALL = "squeezenet1_1"  # the smallest that torchvision publishes weights for
QUICK = "--epochs 1 --max-train-images 60 --validation-share 0.2 --device cpu --batch-size 32"


@pytest.fixture
def torch_home(tmp_path, monkeypatch):
    """An empty cache, and no way to fill it from the network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def offline(*_, **__):
        raise OSError("no connection")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    return tmp_path / "torch"


@pytest.fixture
def model(tmp_path):
    """The folder of an untrained simple_cnn."""
    config = config_of("simple_cnn", mean=(0.4,) * 3)
    folder = tmp_path / "simple"
    folder.mkdir()
    ExpressionClassifier(build_network(config), config).save(folder)
    return folder


def weights_file(architecture: str) -> Path:
    weights = find_architecture(architecture).native_weights
    assert isinstance(weights, PretrainedWeights)
    return weights.file


@pytest.fixture
def unverified(monkeypatch):
    """Lets the tests' own weights stand under the names of published ones."""
    monkeypatch.setattr(PretrainedWeights, "digest", None)


def publish(network: torch.nn.Module, architecture: str) -> None:
    """Put a network's weights where those of the architecture's library would lie."""
    file = weights_file(architecture)
    file.parent.mkdir(parents=True)
    torch.save(network.state_dict(), file)


@pytest.mark.parametrize(
    ("architecture", "folder", "file"),
    [
        ("resnet18", "hub/checkpoints", "resnet18-f37072fd.pth"),
        ("resnet50", "hub/checkpoints", "resnet50-11ad3fa6.pth"),
        ("vggface2", "checkpoints", "20180402-114759-vggface2.pt"),
    ],
)
def test_weights_that_cannot_be_had_are_named_with_the_place_they_go_to(architecture, folder, file, torch_home):
    with pytest.raises(
        InputError, match=rf"no connection.*; put https://.*/{file} as {file} into {torch_home / folder}/"
    ):
        find_initial_weights(NetworkConfig(architecture=architecture))
    assert find_initial_weights(NetworkConfig(architecture=architecture, pretrained=False)).tensors is None


def test_a_damaged_file_of_weights_is_refused(torch_home, unverified):
    publish(torch.nn.Linear(1, 1), "resnet18")
    file = weights_file("resnet18")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match=r"cannot be had .*resnet18-f37072fd\.pth"):
        find_initial_weights(NetworkConfig(architecture="resnet18"))
    torch.save({"layer": torch.zeros(3)}, file)
    start = find_initial_weights(NetworkConfig(architecture="resnet18"))
    with pytest.raises(InputError, match=r"does not fit the network: conv1\.weight should be \(64, 3, 7, 7\)"):
        start.initialise(build_network(config_of("resnet18")), ("happy", "sad"))


def test_weights_are_only_what_their_name_says(torch_home):
    file = torch_home / "hub" / "checkpoints" / "mobilenet_v2-b0353104.pth"
    file.parent.mkdir(parents=True)
    torch.save(models.get_model("mobilenet_v2").state_dict(), file)
    first = NetworkConfig(architecture="mobilenet_v2", pretrained_weights="IMAGENET1K_V1")
    with pytest.raises(InputError, match=r"is not torchvision's MobileNet_V2_Weights\.IMAGENET1K_V1: its sha"):
        find_initial_weights(first)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    named = PretrainedWeights("ours", f"https://example.org/net-{digest}.pth", "checkpoints", (0.5,), (0.5,), "")
    file.rename(named.file)
    assert "classifier.1.weight" in fetch(named)


@pytest.mark.parametrize(
    ("architecture", "version", "message"),
    [
        ("mobilenet_v2", "V9", "publishes no weights V9 for mobilenet_v2, only IMAGENET1K_V1, IMAGENET1K_V2"),
        ("compact_small", "IMAGENET1K_V1", "compact_small is none"),
    ],
)
def test_weights_that_are_not_published_are_told(architecture, version, message, torch_home):
    with pytest.raises(InputError, match=message):
        find_initial_weights(NetworkConfig(architecture=architecture, pretrained_weights=version))


@pytest.mark.parametrize("architecture", ["resnet18", SMALL, "vggface2"])
def test_all_but_the_head_is_the_librarys(architecture, torch_home, unverified):
    torch.manual_seed(1)
    if architecture == "vggface2":
        library = find_architecture("vggface2")(3, 160, 99, 0.5)
    else:
        library = models.get_model(architecture)  # for ImageNet's 1000 classes
    publish(library, architecture)
    start = find_initial_weights(NetworkConfig(architecture=architecture, input_size=96))
    network: Any = build_network(config_of(architecture, input_size=96))
    start.initialise(network, config_of(architecture).labels)
    head = head_name(network)
    for name, tensor in network.state_dict().items():
        assert name.startswith(head) or torch.equal(tensor, library.state_dict()[name]), name
    assert network.get_submodule(head).weight.shape[0] == 7
    assert start.input_size == 96
    expected = (0.5, 0.5, 0.5) if architecture == "vggface2" else (0.485, 0.456, 0.406)
    assert start.mean == pytest.approx(expected)


def test_a_network_without_published_weights_starts_at_random_with_measured_input():
    start = find_initial_weights(NetworkConfig(architecture="attention"))
    assert (start.tensors, start.mean, start.input_size, start.channels) == (None, None, 48, 1)


def test_training_starts_from_the_librarys_weights(
    torch_home, known_geometry, dataset_folder, tmp_path, capsys, unverified
):
    library = models.get_model(SMALL)
    publish(library, SMALL)
    finetune.main(
        f"--architecture {SMALL} --input-size 32 --freeze-epochs 1 --dataset {dataset_folder} "
        f"--output {tmp_path / 'run'} {QUICK}".split()
    )
    model: Any = ExpressionClassifier.load(tmp_path / "run" / "model")
    assert model.config.input_size == 32
    assert model.config.mean == pytest.approx((0.485, 0.456, 0.406))
    assert "SqueezeNet1_1_Weights" in model.config.training["started_from"]
    assert "the last layer starts anew" in capsys.readouterr().out
    for name, tensor in library.features.state_dict().items():  # frozen all along, and stored in half precision
        assert torch.equal(
            model.network.features.state_dict()[name], tensor.half().float() if tensor.ndim > 1 else tensor
        )


def test_a_model_folder_never_asks_for_a_librarys_weights(torch_home, tmp_path):
    config = config_of(SMALL, input_size=64)
    ExpressionClassifier(build_network(config), config).save(tmp_path)
    assert ExpressionClassifier.load(tmp_path).config == config
    assert not torch_home.exists()


def test_a_model_is_trained_further(model, known_geometry, dataset_folder, tmp_path, capsys):
    arguments = f"--init-from {model} --dataset {dataset_folder} --learning-rate 1e-9 {QUICK}".split()
    finetune.main([*arguments, "--output", str(tmp_path / "run")])
    assert f"Starting from the model {model}." in capsys.readouterr().out
    before, after = (load_file(folder / "model.safetensors") for folder in (model, tmp_path / "run" / "model"))
    assert all(torch.allclose(before[name], after[name], atol=1e-3) for name in before)
    configs = [json.loads((folder / "config.json").read_text()) for folder in (model, tmp_path / "run" / "model")]
    assert configs[0]["mean"] == configs[1]["mean"]
    with pytest.raises(InputError, match="is a simple_cnn, not a complex_cnn; give --architecture simple_cnn"):
        find_initial_weights(NetworkConfig(architecture="complex_cnn", init_from=str(model)))


def test_other_labels_get_a_new_last_layer(model, capsys):
    start = find_initial_weights(NetworkConfig(init_from=str(model)))
    labels = ("angry", "happy")
    network: Any = build_network(config_of("simple_cnn", labels=labels))
    head = network.classifier[-1].weight.clone()
    start.initialise(network, labels)
    assert "it names angry, disgust, fear, happy, sad, surprise, neutral, so the last layer starts anew" in (
        capsys.readouterr().out
    )
    assert start.tensors is not None
    assert torch.equal(network.features[0].weight, start.tensors["features.0.weight"])
    assert torch.equal(network.classifier[-1].weight, head)


def test_another_input_size_is_refused_where_the_weights_depend_on_it(model):
    start = find_initial_weights(NetworkConfig(init_from=str(model), input_size=48))
    network: Any = build_network(config_of("simple_cnn", input_size=48))
    with pytest.raises(InputError, match=r"does not fit the network: classifier\.1\.weight should be"):
        start.initialise(network, start.labels)


def digest(network: torch.nn.Module, head: str) -> str:
    """Of all that is not the head: weights and BatchNorm statistics."""
    state = sorted(network.state_dict().items())
    return hashlib.sha256(b"".join(t.numpy().tobytes() for name, t in state if not name.startswith(head))).hexdigest()


def test_a_frozen_backbone_stands_still_with_its_statistics_and_then_learns():
    network: Any = build_network(config_of("compact_small", labels=("happy", "sad")))
    head = head_name(network)
    state = TrainState(network, OptimisationConfig(weight_decay=0.1), 10, Accelerator(cpu=True))
    inputs, labels = torch.randn(8, 1, 48, 48), torch.tensor([0, 1] * 4)
    for frozen in (True, False):
        before, weight = digest(network, head), network.get_submodule(head).weight.detach().clone()
        state.freeze(frozen)
        state.train()
        assert network.classifier.training  # its dropout is on
        state.backward(torch.nn.functional.cross_entropy(network(inputs), labels))
        state.step()
        assert (digest(network, head) == before) == frozen
        assert not torch.equal(network.get_submodule(head).weight, weight)


def test_the_backbone_learns_at_its_own_rate():
    network: Any = torch.nn.Sequential(torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 2, bias=False))
    torch.nn.init.eye_(network[0].weight)
    state = TrainState(network, OptimisationConfig(learning_rate=0.1, backbone_rate=0.01), 10, Accelerator(cpu=True))
    before = [layer.weight.detach().clone() for layer in network]
    state.backward(network(torch.ones(1, 4)).sum())
    state.step()
    moved = [(layer.weight - old).abs().max().item() for layer, old in zip(network, before, strict=True)]
    assert moved == pytest.approx([0.001, 0.1], rel=0.01)  # Adam's first step is the rate itself
    assert state.learning_rate == 0.1


@pytest.mark.slow
@pytest.mark.parametrize("stop_after", [1, 2])  # while the backbone is frozen, and after
def test_a_transfer_that_was_stopped_ends_with_the_same_weights(
    stop_after, model, known_geometry, dataset_folder, tmp_path, monkeypatch
):
    settings = f"--init-from {model} --freeze-epochs 1 --backbone-rate 0.3 --dataset {dataset_folder} "
    settings += f"{QUICK} --epochs 3 --learning-rate 0.01 --stopping-patience 3 --schedule cosine"
    finetune.main([*settings.split(), "--output", str(tmp_path / "whole")])
    save, saved = Checkpoint.save, []

    def save_and_stop(checkpoint, state):
        save(checkpoint, state)
        saved.append(state)
        if len(saved) == stop_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(Checkpoint, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            finetune.main([*settings.split(), "--output", str(tmp_path / "stopped")])
    finetune.main([*settings.split(), "--output", str(tmp_path / "stopped"), "--resume"])
    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_backbone_of_another_kind_does_not_fit():
    network: Any = build_network(config_of("compact_small"))
    with pytest.raises(InputError, match="elsewhere does not fit the network"):
        load_backbone(network, build_network(config_of("complex_cnn")).state_dict(), "elsewhere")
