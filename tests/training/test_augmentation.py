import pytest
import torch

from fer_hub.training.augmentation import (
    augment,
    mixup,
    normal_like,
    random_affines,
    random_rectangles,
    side_in_epoch,
)
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")

NOTHING = AugmentationConfig(flip=False, rotation=0, shear=0, zoom=0)


def pictures(count: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_asked_changes_nothing():
    assert torch.allclose(augment(pictures(), NOTHING, generator()), pictures(), atol=1e-5)


def test_pictures_come_out_as_large_as_asked():
    smooth = torch.linspace(0, 1, 48).expand(2, 1, 48, 48)
    small = augment(smooth, NOTHING, generator(), side=24)
    assert small.shape == (2, 1, 24, 24)
    assert torch.allclose(small[0, 0, 0], (smooth[0, 0, 0, ::2] + smooth[0, 0, 0, 1::2]) / 2, atol=1e-5)


def test_a_share_of_the_pictures_loses_detail():
    inputs = torch.randn(300, 1, 48, 48, generator=generator())
    changed = augment(inputs, NOTHING.model_copy(update={"coarseness": 0.6}), generator())
    kept = torch.isclose(changed, inputs, atol=1e-5).all(dim=(1, 2, 3))
    assert 0.3 < kept.float().mean() < 0.5
    left = changed.var(dim=(1, 2, 3))[~kept]
    assert left.max() < 0.5
    assert left.min() > 0.01
    assert torch.allclose(changed.mean(dim=(1, 2, 3)), inputs.mean(dim=(1, 2, 3)), atol=0.02)


def test_a_share_of_the_pictures_gets_grain():
    changed = augment(torch.zeros(300, 1, 48, 48), NOTHING.model_copy(update={"noise": 0.3}), generator())
    deviation = changed.std(dim=(1, 2, 3))
    assert 0.2 < (deviation > 0).float().mean() < 0.4
    assert 0.3 < deviation.max() < 0.55


def test_grain_on_a_cpu_is_what_the_seed_always_gave():
    inputs = pictures()
    assert torch.equal(normal_like(inputs, generator()), torch.randn(inputs.shape, generator=generator()))


@on_a_gpu
def test_a_gpu_changes_pictures_as_a_cpu_does_and_draws_its_own_grain():
    config = AugmentationConfig(translation=0.1, brightness=0.3, contrast=0.3, coarseness=0.3, random_erasing=0.5)
    here, there = augment(pictures(), config, generator()), augment(pictures().cuda(), config, generator())
    assert torch.isclose(here, there.cpu(), atol=1e-3).float().mean() > 0.99  # edges may fall between two pixels
    grain = [normal_like(torch.zeros(64, 1, 48, 48, device="cuda"), generator(seed)) for seed in (0, 0, 1)]
    assert torch.equal(grain[0], grain[1])
    assert not torch.equal(grain[0], grain[2])
    assert abs(grain[0].std() - 1) < 0.01


def test_pictures_grow_over_two_thirds_of_the_epochs():
    config = OptimisationConfig(progressive_start_size=32, epochs=9)
    assert [side_in_epoch(epoch, config, 48) for epoch in range(1, 10)] == [32, 32, 32, 40, 40, 40, 48, 48, 48]
    assert [side_in_epoch(epoch, config, 36) for epoch in (1, 6, 7)] == [32, 32, 36]
    assert {side_in_epoch(epoch, OptimisationConfig(epochs=9), 48) for epoch in range(1, 10)} == {48}


def test_flip_mirrors_about_half_of_the_pictures():
    changed = augment(pictures(400), AugmentationConfig(flip=True, rotation=0, shear=0, zoom=0), generator())
    same = torch.isclose(changed, pictures(400), atol=1e-5).all(dim=(1, 2, 3))
    mirrored = torch.isclose(changed, pictures(400).flip(3), atol=1e-5).all(dim=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_every_picture_is_changed_in_its_own_way_and_the_seed_repeats_it():
    one = torch.rand(1, 1, 24, 24).expand(8, 1, 24, 24)
    changed = augment(one, AugmentationConfig(), generator())
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) == 8
    assert torch.equal(changed, augment(one, AugmentationConfig(), generator()))
    assert not torch.equal(changed, augment(one, AugmentationConfig(), generator(1)))


def test_changes_stay_within_what_was_asked():
    turned = random_affines(500, AugmentationConfig(flip=False, rotation=15, shear=0, zoom=0), generator())
    angles = torch.rad2deg(torch.atan2(turned[:, 1, 0], turned[:, 0, 0]))
    assert 13 < angles.abs().max() <= 15
    zoomed = random_affines(500, AugmentationConfig(flip=False, rotation=0, shear=0, zoom=0.2), generator())
    assert 0.8 <= zoomed[:, 0, 0].min() < 0.82
    assert 1.18 < zoomed[:, 0, 0].max() <= 1.2
    slanted = random_affines(500, AugmentationConfig(flip=False, rotation=0, shear=0.2, zoom=0), generator())
    assert 0.18 < slanted[:, 0, 1].abs().max() <= 0.2
    assert (slanted[:, 1, 0] == 0).all()


def test_translation_shifts_by_at_most_its_share_of_the_side():
    config = AugmentationConfig(flip=False, rotation=0, shear=0, zoom=0, translation=0.1)
    shifts = random_affines(500, config, generator())[:, :, 2]
    assert 0.18 < shifts.abs().max() <= 0.2  # the side is 2 in these coordinates


def test_light_and_contrast_keep_the_shape_of_a_picture():
    changed = augment(pictures(), NOTHING.model_copy(update={"brightness": 0.3, "contrast": 0.3}), generator())
    for before, after in zip(pictures(), changed, strict=True):
        assert torch.corrcoef(torch.stack([before.flatten(), after.flatten()]))[0, 1] > 0.999
        assert 0.7 <= after.std() / before.std() <= 1.3
    assert changed.mean(dim=(1, 2, 3)).std() > 0.05


def test_occlusion_covers_its_share_of_the_pictures_with_one_rectangle():
    covered = random_rectangles(torch.zeros(1000, 3, 24, 24), 0.3, generator())
    areas = covered.float().mean(dim=(1, 2, 3))
    assert 250 < (areas > 0).sum() < 350
    assert areas.max() < 0.25
    for picture in covered[areas > 0][:50, 0]:
        rows, columns = picture.any(dim=1), picture.any(dim=0)
        assert torch.equal(picture, rows[:, None] & columns[None, :])
    changed = augment(pictures(), NOTHING.model_copy(update={"random_erasing": 1.0}), generator())
    assert ((changed == 0).float().mean(dim=(1, 2, 3)) > 0.01).all()


def test_borders_are_repeated_so_that_no_black_corners_appear():
    changed = augment(torch.full((32, 1, 24, 24), 0.7), AugmentationConfig(), generator())
    assert torch.allclose(changed, torch.tensor(0.7))


def test_mixup_blends_pictures_with_their_labels_alike():
    torch.manual_seed(0)
    labels = torch.arange(64) % 2
    inputs = labels.float().view(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    blended, targets = mixup(inputs, labels, 1.0, 3)
    assert targets.shape == (64, 3)
    assert torch.allclose(blended[:, 0, 0, 0], targets[:, 1])
    assert 0 < targets[:, 1].min() < targets[:, 1].max() < 1 or set(targets[:, 1].tolist()) > {0, 1}
