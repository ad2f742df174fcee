import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from fer_hub import ExpressionClassifier, InputError
from fer_hub.models import build_network
from tests.models.test_models import config_of


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "model")


def crops(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 1, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", ["simple_cnn", "complex_cnn"])
def test_saved_and_loaded_give_the_same_answers(architecture, tmp_path):
    classifier = ExpressionClassifier(build_network(config_of(architecture)), config_of(architecture))
    classifier.save(tmp_path)
    loaded = ExpressionClassifier.load(tmp_path)
    assert loaded.config == classifier.config
    assert torch.allclose(loaded.logits(crops(5)), classifier.logits(crops(5)), atol=5e-3)  # stored in half precision
    loaded.save(tmp_path)
    again = ExpressionClassifier.load(tmp_path)
    assert torch.equal(again.logits(crops(5)), loaded.logits(crops(5)))


def test_probabilities_sum_to_one_and_follow_the_order_of_the_crops(model_folder):
    classifier = ExpressionClassifier.load(model_folder)
    batch = crops(300)  # more than one internal batch
    probabilities = classifier.probabilities(batch)
    assert probabilities.shape == (300, 7)
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(300, dtype=torch.float64))
    order = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(classifier.probabilities(batch[order]), probabilities[order], atol=1e-5)


def test_with_mirror_images_it_does_not_matter_which_way_a_crop_is_turned(model_folder):
    classifier, batch = ExpressionClassifier.load(model_folder), crops(20)
    alone = classifier.logits(batch), classifier.logits(batch.flip(-1))
    assert not torch.allclose(*alone)
    classifier.config = classifier.config.model_copy(update={"mirror": True})
    assert torch.allclose(classifier.logits(batch), (alone[0] + alone[1]) / 2, atol=1e-5)
    assert torch.allclose(classifier.probabilities(batch), classifier.probabilities(batch.flip(-1)), atol=1e-6)


def test_no_crops_give_no_rows(model_folder):
    assert ExpressionClassifier.load(model_folder).probabilities(crops(0)).shape == (0, 7)


def test_folder_without_configuration_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a model folder"):
        ExpressionClassifier.load(tmp_path)


def test_configuration_of_a_gigabyte_is_not_read(copy):
    with (copy / "config.json").open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="too large"):
        ExpressionClassifier.load(copy)


def change(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda tensors: tensors.pop("classifier.1.bias"), "missing or extra tensors: classifier.1.bias"),
        (lambda tensors: tensors.update(extra=torch.zeros(1)), "missing or extra tensors: extra"),
        (lambda tensors: tensors.update({"classifier.4.bias": torch.zeros(8)}), r"classifier.4.bias is \(8,\)"),
        (lambda tensors: tensors["classifier.4.bias"].fill_(float("nan")), "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(copy, edit, message):
    change(copy, edit)
    with pytest.raises(InputError, match=message):
        ExpressionClassifier.load(copy)


def test_missing_truncated_and_pickled_weights_are_refused(copy, tmp_path):
    weights = copy / "model.safetensors"
    whole = weights.read_bytes()
    for content in (whole[: len(whole) // 2], b"", pickle.dumps({"os": "system"})):
        weights.write_bytes(content)
        with pytest.raises(InputError, match="do not fit its configuration"):
            ExpressionClassifier.load(copy)
    weights.unlink()
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(InputError, match=r"it has no model\.safetensors"):
        ExpressionClassifier.load(copy)
