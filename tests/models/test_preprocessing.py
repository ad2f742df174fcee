import pytest
import torch
from torchvision.transforms.v2 import functional as TF

from fer_hub.models.preprocessing import as_seen, preprocess
from tests.models.test_models import config_of


def test_shape_and_normalisation():
    config = config_of("simple_cnn", mean=(0.2, 0.2, 0.2), std=(0.5, 0.5, 0.5))
    inputs = preprocess(torch.full((2, 1, 48, 48), 255, dtype=torch.uint8), config)
    assert inputs.shape == (2, 3, 64, 64)
    assert torch.allclose(inputs, torch.tensor((1 - 0.2) / 0.5))


def test_grey_and_its_rgb_copy_are_the_same_input():
    crops = torch.randint(0, 256, (3, 1, 48, 48), dtype=torch.uint8)
    for architecture in ("simple_cnn", "complex_cnn"):
        config = config_of(architecture)
        difference = preprocess(crops, config) - preprocess(crops.expand(-1, 3, -1, -1), config)
        assert difference.abs().max() <= 1.01 / 255 / config.std[0]  # torchvision's weights round down by one


def test_colour_reaches_only_a_model_that_was_trained_on_it():
    red = torch.zeros(1, 3, 48, 48, dtype=torch.uint8)
    red[:, 0] = 200
    assert as_seen(red, config_of("simple_cnn")).shape == (1, 1, 48, 48)
    seen = preprocess(red, config_of("simple_cnn", grey=False))
    assert seen[0, 0].mean() > seen[0, 1].mean()
    seen = preprocess(red, config_of("simple_cnn"))
    assert torch.equal(seen[0, 0], seen[0, 1])


@pytest.mark.parametrize(("architecture", "side"), [("simple_cnn", 40), ("simple_cnn", 64), ("complex_cnn", 96)])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_pixels_are_torchvisions_bit_for_bit(architecture, side, count):
    config = config_of(architecture)
    crops = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)
    assert torch.equal(as_seen(crops, config), TF.rgb_to_grayscale(crops))
    size = config.input_size
    expected = TF.resize(TF.rgb_to_grayscale(crops).float() / 255, [size, size], antialias=True)
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (config.mean, config.std))
    assert torch.equal(preprocess(crops, config), (expected.expand(-1, config.channels, -1, -1) - mean) / std)
