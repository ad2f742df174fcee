from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from fer_hub.training.config import FinetuneConfig
from fer_hub.training.optimizer import Learner

ACCELERATOR = Accelerator(cpu=True)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))


def step(learner: Learner, loss: torch.Tensor) -> None:
    learner.backward(loss)
    learner.step()


def train(learner: Learner, steps: int) -> list[float]:
    """Steps towards zero outputs; returns the learning rate of each."""
    inputs, rates = torch.randn(16, 4, generator=torch.Generator().manual_seed(1)), []
    for _ in range(steps):
        rates.append(learner.learning_rate)
        step(learner, (learner.network(inputs) ** 2).mean())
    return rates


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_steps_lower_the_loss(optimizer):
    learner = Learner(network(), FinetuneConfig(optimizer=optimizer, learning_rate=0.01), 20, ACCELERATOR)
    before = [p.clone() for p in learner.network.parameters()]
    train(learner, 20)
    assert not all(torch.equal(a, b) for a, b in zip(before, learner.network.parameters(), strict=True))


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
def test_rates_rise_to_the_highest_and_fall_to_nothing(schedule):
    config = FinetuneConfig(optimizer="sgd", schedule=schedule, learning_rate=0.1, warmup_share=0.1)
    rates = train(Learner(network(), config, 100, ACCELERATOR), 100)
    assert max(rates) == pytest.approx(0.1)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-4


def test_plateau_halves_the_rate_where_validation_stalls():
    learner = Learner(network(), FinetuneConfig(plateau_patience=2), 100, ACCELERATOR)
    for loss in (1.0, 0.9, 0.9, 0.9, 0.9):
        learner.end_epoch(loss)
    assert learner.learning_rate == pytest.approx(5e-4)


def test_weight_decay_leaves_biases_and_norms_alone():
    config = FinetuneConfig(optimizer="sgd", learning_rate=0.1, weight_decay=0.5)
    learner = Learner(network(), config, 1, ACCELERATOR)
    before = {name: p.clone() for name, p in learner.network.named_parameters()}
    step(learner, torch.stack([p.sum() * 0 for p in learner.network.parameters()]).sum())  # no gradient: decay alone
    for name, parameter in learner.network.named_parameters():
        decayed = parameter.ndim > 1
        assert torch.equal(parameter, before[name]) != decayed


def test_gradients_are_clipped():
    config = FinetuneConfig(optimizer="sgd", learning_rate=1.0, max_grad_norm=1e-3)
    learner = Learner(network(), config, 1, ACCELERATOR)
    before = torch.cat([p.detach().flatten().clone() for p in learner.network.parameters()])
    step(learner, torch.stack([1000 * p.sum() for p in learner.network.parameters()]).sum())
    after = torch.cat([p.detach().flatten() for p in learner.network.parameters()])
    assert (after - before).norm() == pytest.approx(1.9e-3, rel=0.01)  # 1 + Nesterov momentum, times the clipped norm


def test_the_kept_network_is_the_average_where_asked():
    plain = Learner(network(), FinetuneConfig(), 5, ACCELERATOR)
    assert plain.kept is plain.network
    averaged = Learner(network(), FinetuneConfig(ema_decay=0.5, learning_rate=0.1), 5, ACCELERATOR)
    inputs = torch.randn(16, 4)
    states = []
    for _ in range(3):
        step(averaged, (averaged.network(inputs) ** 2).mean())
        states.append({name: t.clone().double() for name, t in averaged.network.state_dict().items()})
    for name, tensor in averaged.kept.state_dict().items():
        if tensor.is_floating_point():
            expected = states[0][name] * 0.25 + states[1][name] * 0.25 + states[2][name] * 0.5
            assert torch.allclose(tensor.double(), expected, atol=1e-5), name


def test_its_state_comes_back():
    config = replace(FinetuneConfig(), optimizer="sgd", schedule="cosine", ema_decay=0.9)
    whole, first, second = (Learner(network(), config, 10, ACCELERATOR) for _ in range(3))
    train(whole, 10)
    train(first, 4)
    second.load_state_dict(first.state_dict())
    train(second, 6)
    for name, tensor in whole.kept.state_dict().items():
        assert torch.equal(tensor, second.kept.state_dict()[name])


def test_gradients_add_up_until_the_step():
    whole, pieces = (Learner(network(), FinetuneConfig(optimizer="sgd"), 1, ACCELERATOR) for _ in range(2))
    inputs = torch.randn(16, 4)
    for learner in (whole, pieces):
        learner.network.eval()  # BatchNorm would see the pieces apart
    step(whole, (whole.network(inputs) ** 2).mean())
    for piece in inputs.chunk(2):
        pieces.backward((pieces.network(piece) ** 2).mean() / 2)
    pieces.step()
    for one, other in zip(whole.network.parameters(), pieces.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
