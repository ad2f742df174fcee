import numpy as np
import pytest
from PIL import Image, ImageEnhance

from fer_hub.data.preparation.splits.duplicates import count_copies, exact_sets, fingerprints, join, near_sets
from fer_hub.vision.images import open_image
from tests.raw_data import noise


def sets_of(pictures: list[np.ndarray]) -> tuple[list[int], list[int]]:
    contents, looks = zip(*map(fingerprints, pictures), strict=True)
    packed = np.frombuffer(b"".join(looks), np.uint8).reshape(len(pictures), -1)
    return exact_sets(np.array(contents)).tolist(), near_sets(packed).tolist()


@pytest.mark.parametrize("change", ["brighter", "smaller", "recompressed", "shifted"])
def test_a_changed_copy_is_near_but_not_exact(photo, tmp_path, change):
    face = Image.fromarray(photo).crop((160, 50, 290, 190))
    if change == "brighter":
        other = ImageEnhance.Brightness(face).enhance(1.2)
    elif change == "smaller":
        other = face.resize((65, 70))
    elif change == "shifted":
        other = Image.fromarray(photo).crop((161, 51, 291, 191))
    else:
        face.save(tmp_path / "face.jpg", quality=40)
        other = Image.fromarray(open_image(tmp_path / "face.jpg"))
    exact, near = sets_of([np.asarray(face), np.asarray(other), noise(0, 140, 130)])
    assert len(set(exact)) == 3
    assert near[0] == near[1] != near[2]


def test_equal_pixels_are_exact_copies_whatever_stores_them():
    picture = noise(1, 40, 30)
    exact, near = sets_of([picture, noise(2, 40, 30), picture.copy(), picture.reshape(30, 40, 3)])
    assert exact[0] == exact[2]
    assert len(set(exact)) == 3
    assert near[0] == near[2] != near[1]


def test_blocks_find_what_one_comparison_of_all_finds(monkeypatch):
    rng = np.random.default_rng(0)
    looks = rng.integers(0, 256, (40, 32), np.uint8)
    bits = np.unpackbits(looks, axis=1)
    for start, end in ((0, 39), (39, 17), (5, 6)):  # a chain across blocks, and a pair
        bits[end] = bits[start]
        bits[end, rng.permutation(256)[:52]] ^= 1
    looks = np.packbits(bits, axis=1)
    monkeypatch.setattr("fer_hub.data.preparation.splits.duplicates._BLOCK", 7)
    sets = near_sets(looks)
    assert sets[0] == sets[39] == sets[17]
    assert sets[5] == sets[6]
    assert len(set(sets)) == 40 - 3
    bits[6] = bits[5]
    bits[6, :53] ^= 1  # one bit more is another picture
    assert len(set(near_sets(np.packbits(bits, axis=1)))) == 40 - 2


def test_joining_more_than_a_byte_of_links():
    sets = join(np.arange(600), np.repeat(3, 512), np.repeat(7, 512))
    assert sets[3] == sets[7]
    assert len(set(sets)) == 599


def test_counting_copies():
    sets = np.array([0, 1, 0, 2, 1, 1, 3])
    splits = np.array(["train", "train", "validation", "test", "train", "test", "validation"])
    labels = np.array(["sad", "sad", "happy", "sad", "sad", "sad", "sad"])
    files = np.array([f"{number}.png" for number in range(7)])
    copies = count_copies(sets, splits, labels, files)
    assert (copies.sets, copies.pictures, copies.redundant) == (2, 5, 3)
    assert copies.across == {"validation in train": 1, "test in train": 1, "test in validation": 0}
    assert copies.conflicts == [[("train", "0.png", "sad"), ("validation", "2.png", "happy")]]
