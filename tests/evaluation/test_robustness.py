import pytest
import torch

from fer_hub.evaluation.robustness import CORRUPTIONS, STRENGTHS, corrupted
from fer_hub.vision.geometry import FER2013_GEOMETRY, CropGeometry


def crops(count: int = 4, channels: int = 1, side: int = 48) -> torch.Tensor:
    return torch.randint(60, 200, (count, channels, side, side), generator=torch.Generator().manual_seed(1)).byte()


def change(pictures: torch.Tensor, corruption: str, strength: int) -> torch.Tensor:
    side = pictures.shape[-1]
    landmarks = tuple((x * side / 48, y * side / 48) for x, y in FER2013_GEOMETRY.landmarks)
    geometry = CropGeometry.model_validate({"size": side, "landmarks": landmarks})
    return torch.cat(list(corrupted(pictures, corruption, strength, geometry)))


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a.float() - b.float()).square().mean().item()


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize(("channels", "side"), [(1, 48), (3, 48), (3, 80)])
def test_each_strength_changes_more_and_always_the_same(corruption, channels, side):
    # Smooth pictures: in pure noise a small blur changes as much as a large one.
    pictures = torch.nn.functional.avg_pool2d(crops(6, channels, side).float(), 5, 1, 2).round().byte()
    before = pictures.clone()
    changed = [change(pictures, corruption, strength) for strength in STRENGTHS]
    assert torch.equal(pictures, before)
    assert all(picture.shape == pictures.shape and picture.dtype == torch.uint8 for picture in changed)
    distances = [distance(pictures, picture) for picture in changed]
    assert 0 < distances[0] < distances[1] < distances[2]
    assert torch.equal(change(pictures, corruption, 3), changed[2])


def test_more_pictures_than_a_batch_come_back_in_order():
    pictures = torch.arange(60, 160).byte().repeat(3)[:, None, None, None].expand(300, 1, 16, 16).contiguous()
    darker = change(pictures, "darker", 2)
    assert darker.shape == pictures.shape
    assert torch.equal(darker[:, 0, 0, 0], (pictures[:, 0, 0, 0].float() * 0.35).round().byte())


@pytest.mark.parametrize(("corruption", "covered"), [("eyes covered", (0, 1)), ("mouth covered", (3, 4))])
def test_eyes_and_mouth_are_covered_where_they_are_and_nothing_else_is(corruption, covered):
    pictures = crops()
    changed = (change(pictures, corruption, 2) != pictures).any(dim=0)[0]
    for number, (x, y) in enumerate(FER2013_GEOMETRY.landmarks):
        around = changed[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2]
        assert around.float().mean() > 0.8 if number in covered else not around.any()


@pytest.mark.parametrize(("strength", "share"), [(1, 0.1), (2, 0.2), (3, 0.3)])
def test_a_part_is_covered_anywhere(strength, share):
    pictures = crops(200)
    covered = (change(pictures, "part covered", strength) != pictures)[:, 0].float()
    assert covered.mean().item() == pytest.approx(share, abs=0.02)
    assert (covered[:, 10:-10, 10:-10].mean(dim=0) > 0).all()


def test_pictures_are_turned_to_both_sides():
    line = torch.zeros(40, 1, 49, 49, dtype=torch.uint8)
    line[:, :, 24, :] = 255
    turned = change(line, "rotation", 3)[:, 0]
    left, right = (turned[:, 8, 8] > 0).sum(), (turned[:, 8, 40] > 0).sum()
    assert left + right == 40
    assert min(left, right) > 5
