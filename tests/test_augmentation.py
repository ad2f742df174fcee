import torch

from train.augmentation import augment, random_affines
from train.config import FinetuneConfig

NOTHING = FinetuneConfig(flip=False, rotation=0, shear=0, zoom=0)


def pictures(count: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_asked_changes_nothing():
    assert torch.allclose(augment(pictures(), NOTHING, generator()), pictures(), atol=1e-5)


def test_flip_mirrors_about_half_of_the_pictures():
    changed = augment(pictures(400), FinetuneConfig(flip=True, rotation=0, shear=0, zoom=0), generator())
    same = torch.isclose(changed, pictures(400), atol=1e-5).all(dim=(1, 2, 3))
    mirrored = torch.isclose(changed, pictures(400).flip(3), atol=1e-5).all(dim=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_every_picture_is_changed_in_its_own_way_and_the_seed_repeats_it():
    one = torch.rand(1, 1, 24, 24).expand(8, 1, 24, 24)
    changed = augment(one, FinetuneConfig(), generator())
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) == 8
    assert torch.equal(changed, augment(one, FinetuneConfig(), generator()))
    assert not torch.equal(changed, augment(one, FinetuneConfig(), generator(1)))


def test_changes_stay_within_what_was_asked():
    turned = random_affines(500, FinetuneConfig(flip=False, rotation=15, shear=0, zoom=0), generator())
    angles = torch.rad2deg(torch.atan2(turned[:, 1, 0], turned[:, 0, 0]))
    assert 13 < angles.abs().max() <= 15
    zoomed = random_affines(500, FinetuneConfig(flip=False, rotation=0, shear=0, zoom=0.2), generator())
    assert 0.8 <= zoomed[:, 0, 0].min() < 0.82
    assert 1.18 < zoomed[:, 0, 0].max() <= 1.2
    slanted = random_affines(500, FinetuneConfig(flip=False, rotation=0, shear=0.2, zoom=0), generator())
    assert 0.18 < slanted[:, 0, 1].abs().max() <= 0.2
    assert (slanted[:, 1, 0] == 0).all()


def test_borders_are_repeated_so_that_no_black_corners_appear():
    changed = augment(torch.full((32, 1, 24, 24), 0.7), FinetuneConfig(), generator())
    assert torch.allclose(changed, torch.tensor(0.7))
