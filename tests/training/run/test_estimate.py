import pytest
import torch
from accelerate import Accelerator
from torch import nn

from fer_hub import InputError
from fer_hub.data.split import Split
from fer_hub.models import ModelConfig, build_network
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig
from fer_hub.training.run.estimate import in_words, seconds_per_step, share_of_area
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.data.test_splits import some_split

CONFIG = ModelConfig(
    architecture="compact_small",
    dropout=0,
    labels=("happy", "sad"),
    input_size=16,
    channels=1,
    grey=True,
    mean=(0.5,),
    std=(0.2,),
    crop=FER2013_GEOMETRY,
)


def seconds(network: nn.Module, train: Split, config: OptimisationConfig) -> float:
    return seconds_per_step(network, CONFIG, train, config, AugmentationConfig(), Accelerator(cpu=True))


class Hungry(nn.Module):
    """A network that has memory for so many pictures."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.layer = most, nn.Linear(256, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if len(inputs) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return self.layer(inputs.flatten(1))


def test_a_batch_too_large_names_one_that_fits():
    config = OptimisationConfig(batch_size=128)
    with pytest.raises(
        InputError, match=r"--batch-size 128 does not fit .* cpu; 32 does, .* --gradient-accumulation-steps 4"
    ):
        seconds(Hungry(40), some_split(200), config)
    with pytest.raises(InputError, match="not even one picture fits"):
        seconds(Hungry(0), some_split(200), config)


def test_accumulation_takes_a_batch_that_does_not_fit_in_pieces():
    config = OptimisationConfig(batch_size=128, gradient_accumulation_steps=4)
    assert seconds(Hungry(40), some_split(200), config) > 0


def test_estimating_changes_nothing():
    network = Hungry(200)
    before = [parameter.clone() for parameter in network.parameters()]
    seconds(network, some_split(50), OptimisationConfig())
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_other_errors_stay_what_they_are():
    class Broken(nn.Module):
        def forward(self, inputs):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        seconds(Broken(), some_split(50), OptimisationConfig())


def test_smaller_pictures_cost_by_their_area():
    config = CONFIG.model_copy(update={"input_size": 48})
    network = build_network(config)
    assert share_of_area(network, config, OptimisationConfig()) == 1
    share = share_of_area(network, config, OptimisationConfig(progressive_start_size=24, epochs=9))
    assert share == pytest.approx((2 * 24**2 + 2 * 32**2 + 2 * 40**2 + 3 * 48**2) / (9 * 48**2))
    with pytest.raises(InputError, match="--progressive-start-size 64 is larger than the network's input of 48 pixels"):
        share_of_area(network, config, OptimisationConfig(progressive_start_size=64))


def test_a_network_for_one_size_only_is_refused_small_pictures():
    config = CONFIG.model_copy(update={"architecture": "complex_cnn", "input_size": 48})
    with pytest.raises(InputError, match="--progressive-start-size: complex_cnn takes pictures of 48 pixels only"):
        share_of_area(build_network(config), config, OptimisationConfig(progressive_start_size=32))


def test_times_are_said_as_people_say_them():
    assert [in_words(s) for s in (0.42, 42, 600, 9000)] == ["0.4 s", "42 s", "10 min", "2.5 h"]
