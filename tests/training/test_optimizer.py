import shutil
from itertools import pairwise

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from fer_hub import ExpressionClassifier
from fer_hub.training.config.groups import OptimisationConfig
from fer_hub.training.optimizer import TrainState
from tests.faces import write_dataset
from train import finetune

ACCELERATOR = Accelerator(cpu=True)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))


def step(state: TrainState, loss: torch.Tensor) -> None:
    state.backward(loss)
    state.step()


def train(state: TrainState, steps: int) -> list[float]:
    """Steps towards zero outputs; returns the learning rate of each."""
    inputs, rates = torch.randn(16, 4, generator=torch.Generator().manual_seed(1)), []
    for _ in range(steps):
        rates.append(state.learning_rate)
        step(state, (state.network(inputs) ** 2).mean())
    return rates


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_steps_lower_the_loss(optimizer):
    state = TrainState(network(), OptimisationConfig(optimizer=optimizer, learning_rate=0.01), 20, ACCELERATOR)
    before = [p.clone() for p in state.network.parameters()]
    train(state, 20)
    assert not all(torch.equal(a, b) for a, b in zip(before, state.network.parameters(), strict=True))


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
def test_rates_rise_to_the_highest_and_fall_to_nothing(schedule):
    config = OptimisationConfig(optimizer="sgd", schedule=schedule, learning_rate=0.1, warmup_share=0.1)
    rates = train(TrainState(network(), config, 100, ACCELERATOR), 100)
    assert max(rates) == pytest.approx(0.1)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-4


@pytest.mark.parametrize("schedule", ["plateau", "cosine", "onecycle"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_runs_of_few_steps_have_rates_too(schedule, steps):
    config = OptimisationConfig(schedule=schedule, warmup_share=0)
    assert all(rate > 0 for rate in train(TrainState(network(), config, steps, ACCELERATOR), steps))


def test_plateau_halves_the_rate_where_validation_stalls():
    state = TrainState(network(), OptimisationConfig(plateau_patience=2), 100, ACCELERATOR)
    for loss in (1.0, 0.9, 0.9, 0.9, 0.9):
        state.end_epoch(loss)
    assert state.learning_rate == pytest.approx(5e-4)


def test_weight_decay_leaves_biases_and_norms_alone():
    config = OptimisationConfig(optimizer="sgd", learning_rate=0.1, weight_decay=0.5)
    state = TrainState(network(), config, 1, ACCELERATOR)
    before = {name: p.clone() for name, p in state.network.named_parameters()}
    step(state, torch.stack([p.sum() * 0 for p in state.network.parameters()]).sum())  # no gradient: decay alone
    for name, parameter in state.network.named_parameters():
        decayed = parameter.ndim > 1
        assert torch.equal(parameter, before[name]) != decayed


def test_gradients_are_clipped():
    config = OptimisationConfig(optimizer="sgd", learning_rate=1.0, max_grad_norm=1e-3)
    state = TrainState(network(), config, 1, ACCELERATOR)
    before = torch.cat([p.detach().flatten().clone() for p in state.network.parameters()])
    step(state, torch.stack([1000 * p.sum() for p in state.network.parameters()]).sum())
    after = torch.cat([p.detach().flatten() for p in state.network.parameters()])
    assert (after - before).norm() == pytest.approx(1.9e-3, rel=0.01)  # 1 + Nesterov momentum, times the clipped norm


def test_the_kept_network_is_the_average_where_asked():
    plain = TrainState(network(), OptimisationConfig(), 5, ACCELERATOR)
    assert plain.eval_network is plain.network
    averaged = TrainState(network(), OptimisationConfig(ema_decay=0.9, learning_rate=0.1), 5, ACCELERATOR)
    inputs = torch.randn(16, 4)
    states = []
    for _ in range(3):
        step(averaged, (averaged.network(inputs) ** 2).mean())
        states.append({name: t.clone().double() for name, t in averaged.network.state_dict().items()})
    for name, tensor in averaged.eval_network.state_dict().items():
        if tensor.is_floating_point():
            expected = (states[0][name] * 2 / 11 + states[1][name] * 9 / 11) / 4 + states[2][name] * 3 / 4
            assert torch.allclose(tensor.double(), expected, atol=1e-5), name


def test_the_average_holds_its_decay_once_there_were_enough_steps():
    state = TrainState(network(), OptimisationConfig(ema_decay=0.5, learning_rate=0.1), 100, ACCELERATOR)
    train(state, 20)
    before = {name: t.clone() for name, t in state.eval_network.state_dict().items()}
    train(state, 1)
    now = state.network.state_dict()
    for name, tensor in state.eval_network.state_dict().items():
        if tensor.is_floating_point():
            assert torch.allclose(tensor, (before[name] + now[name]) / 2, atol=1e-6), name


def test_the_average_of_a_short_run_from_random_weights_knows_as_much_as_the_network():
    """BatchNorm's averaged statistics fit averaged weights only where these were near each other."""
    torch.manual_seed(0)
    widths = (3, 8, 16, 16, 16, 16, 16, 16)
    layers = [
        layer
        for inputs, outputs in pairwise(widths)
        for layer in (nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())
    ]
    deep = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4))
    config = OptimisationConfig(optimizer="sgd", schedule="cosine", learning_rate=0.05, ema_decay=0.998)
    state = TrainState(deep, config, 60, ACCELERATOR)
    kinds = torch.randn(4, 3, 12, 12)
    for _ in range(60):
        labels = torch.randint(0, 4, (32,))
        step(state, F.cross_entropy(state.network(kinds[labels] + torch.randn(32, 3, 12, 12)), labels))
    labels = torch.arange(400) % 4
    pictures = kinds[labels] + torch.randn(400, 3, 12, 12)
    with torch.no_grad():
        right, kept = (
            (each.eval()(pictures).argmax(dim=1) == labels).float().mean() for each in (deep, state.eval_network)
        )
    assert right > 0.9
    assert kept > right - 0.05


def test_its_state_comes_back():
    config = OptimisationConfig(optimizer="sgd", schedule="cosine", ema_decay=0.9)
    whole, first, second = (TrainState(network(), config, 10, ACCELERATOR) for _ in range(3))
    train(whole, 10)
    train(first, 4)
    second.load_state_dict(first.state_dict())
    train(second, 6)
    for name, tensor in whole.eval_network.state_dict().items():
        assert torch.equal(tensor, second.eval_network.state_dict()[name])


def test_gradients_add_up_until_the_step():
    whole, pieces = (TrainState(network(), OptimisationConfig(optimizer="sgd"), 1, ACCELERATOR) for _ in range(2))
    inputs = torch.randn(16, 4)
    for state in (whole, pieces):
        state.network.eval()  # BatchNorm would see the pieces apart
    step(whole, (whole.network(inputs) ** 2).mean())
    for piece in inputs.chunk(2):
        pieces.backward((pieces.network(piece) ** 2).mean() / 2)
    pieces.step()
    for one, other in zip(whole.network.parameters(), pieces.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_compiled_network_is_trained_and_the_written_one_kept(monkeypatch):
    compiled = []

    def compile_network(network):
        compiled.append(network)
        return network

    monkeypatch.setattr(torch, "compile", compile_network)
    network = torch.nn.Linear(3, 2)
    state = TrainState(network, OptimisationConfig(compile=True), 10, Accelerator(cpu=True))
    assert compiled == [state.network]
    assert state.eval_network is network
    assert set(state.state_dict()["network"]) == {"weight", "bias"}
    TrainState(network, OptimisationConfig(), 10, Accelerator(cpu=True))
    assert len(compiled) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_a_compiled_network_learns_what_the_written_one_learns(known_geometry, tmp_path):
    faces = write_dataset(tmp_path / "faces", {"train": 8, "validation": 2, "test": 2})  # seven batches of eight
    start = f"--dataset {faces} --crop none --epochs 1 --batch-size 8 --device cpu --dropout 0 --output"
    for flags in (f"{tmp_path / 'written'}", f"{tmp_path / 'compiled'} --compile"):
        finetune.main(f"{start} {flags}".split())
    written, compiled = (load_file(tmp_path / run / "model" / "model.safetensors") for run in ("written", "compiled"))
    assert written.keys() == compiled.keys()  # no name of a wrapper
    for name, weights in written.items():
        assert torch.allclose(weights.float(), compiled[name].float(), atol=5e-3), name
    assert ExpressionClassifier.load(tmp_path / "compiled" / "model").config.architecture == "simple_cnn"
