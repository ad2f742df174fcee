import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.transforms.v2 import functional as TF
from transformers import AutoImageProcessor

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError, list_models
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.models.adapters.transformers_settings import Processor
from fer_hub.vision.images import EXAMPLE
from tests.foreign_models import WORDS, write_timm, write_vit
from train import evaluate


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "vit"
    return folder, write_vit(folder)


@pytest.fixture(scope="module")
def residual(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "residual"
    return folder, write_timm(folder)


@pytest.fixture
def copy(vit, tmp_path):
    return shutil.copytree(vit[0], tmp_path / "copy")


def crop_of(side: int) -> Image.Image:
    return Image.open(EXAMPLE).convert("RGB").crop((170, 60, 276, 176)).resize((side, side))


def as_batch(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]


def test_transformers_own_pipeline_gives_the_same_probabilities(vit):
    folder, model = vit
    classifier = ModelFolder(folder).load()
    assert classifier.config.labels == EXPRESSIONS
    crop = crop_of(32)
    inputs = AutoImageProcessor.from_pretrained(folder)(crop, return_tensors="pt")
    with torch.inference_mode():
        expected = model(**inputs).logits.softmax(dim=1)
    np.testing.assert_allclose(classifier.probabilities(as_batch(crop)), expected, atol=1e-5)
    assert expected.std() > 0.01  # there was something to tell apart


def test_timms_own_pipeline_gives_the_same_probabilities(residual):
    folder, model = residual
    classifier = ModelFolder(folder).load()
    assert classifier.config.labels == EXPRESSIONS
    pretrained = model.pretrained_cfg
    assert classifier.config.input_size == int(160 / pretrained["crop_pct"]) == 168
    crop = crop_of(168)
    centre = TF.center_crop(TF.to_dtype(as_batch(crop), torch.float32, scale=True), [160, 160])
    with torch.inference_mode():
        expected = model(TF.normalize(centre, pretrained["mean"], pretrained["std"])).softmax(dim=1)
    np.testing.assert_allclose(classifier.probabilities(as_batch(crop)), expected, atol=1e-5)


def test_labels_without_counterpart_keep_their_name_and_equal_ones_are_added(tmp_path):
    model = write_vit(tmp_path, ["fear", "other", "happy", "scared", "sad"])
    classifier = ModelFolder(tmp_path).load()
    assert classifier.config.labels == ("fear", "other", "happy", "sad")
    crop = crop_of(32)
    with torch.inference_mode():
        inputs = AutoImageProcessor.from_pretrained(tmp_path)(crop, return_tensors="pt")
        fear, other, happy, scared, sad = model(**inputs).logits.softmax(dim=1)[0].tolist()
    found = classifier.probabilities(as_batch(crop))[0].tolist()
    assert found == pytest.approx([fear + scared, other, happy, sad], abs=1e-5)


def test_they_come_from_the_hub_as_three_files(hub, client, repository, vit, tmp_path):
    folder = shutil.copytree(vit[0], tmp_path / "model")
    for name in ("pytorch_model.bin", "handler.py", "modeling.py", "training_args.bin"):
        (folder / name).write_bytes(b"a stranger's")
    hub.store.add_folder("models", repository, folder)
    status, out, err = client.run("pull", repository)
    assert status == 0, err
    pulled = Path(out.strip())
    assert sorted(path.name for path in pulled.iterdir()) == [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    assert client.run("recognize", str(EXAMPLE), "--model", repository, offline=True)[0] == 0


def test_a_model_of_something_else_is_not_fetched(hub, client, repository, vit, tmp_path):
    folder = shutil.copytree(vit[0], tmp_path / "model")
    edit(folder, id2label=dict(zip("0123456", ("cat", "dog", "cow", "ant", "bee", "fox", "elk"), strict=True)))
    hub.store.add_folder("models", repository, folder)
    status, _, err = client.run("pull", repository)
    assert status == 2
    assert "its labels are 'cat', 'dog'" in err
    assert hub.faults.count("storage") == 0  # the weights were not asked for


def test_both_are_used_on_a_photo_alone_and_with_ours_as_an_ensemble(vit, residual, photo):
    for references in ([str(vit[0])], [str(residual[0]), "fer-live"]):
        (face,) = ExpressionRecognizer.from_pretrained(*references)(photo)
        assert set(face.probabilities) == set(EXPRESSIONS)
        assert sum(face.probabilities.values()) == pytest.approx(1)


def test_the_demo_lists_and_loads_them(vit, photo):
    recognizers = Recognizers([str(vit[0])])
    (model,) = recognizers.models()
    assert (model["architecture"], model["accuracy"]) == ("vit", None)
    assert model["parameters"] == sum(tensor.numel() for tensor in vit[1].state_dict().values())
    assert len(recognizers.get(None)(photo)) == 1


def test_evaluate_measures_them(vit, dataset_folder, tmp_path):
    output = tmp_path / "report.json"
    evaluate.main(f"--model {vit[0]} --dataset {dataset_folder} --split test --output {output} --device cpu".split())
    report = json.loads(output.read_text())
    assert report["images"] == 70
    assert report["labels"] == list(EXPRESSIONS)


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        ({"size": 224}, (224, 224)),
        ({"size": {"height": 96, "width": 96}}, (96, 96)),
        (
            {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}},
            (256, 224),
        ),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, (256, 224)),
        ({"size": {"height": 96, "width": 64}}, (-1, -1)),
    ],
)
def test_sizes_are_read_from_every_way_to_write_them(values, sizes):
    assert Processor.model_validate(values).sizes() == sizes


def edit(folder, file="config.json", **changes):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "code of its own": ({"auto_map": {"AutoModel": "evil.Model"}}, "code of its own"),
    "another family": ({"model_type": "timm_wrapper"}, "type 'timm_wrapper'; those that work: beit"),
    "quantised": ({"quantization_config": {"quant_method": "evil"}}, "of type 'vit'"),
    "several labels at once": ({"problem_type": "multi_label_classification"}, "does not choose between"),
    "unnamed labels": ({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, r"its labels are 'LABEL_0', 'LABEL_1'"),
    "two of a thousand": (
        {"id2label": {str(k): "sad" if k < 2 else f"cat {k}" for k in range(1000)}},
        "its labels are",
    ),
    "a gap in the labels": ({"id2label": {"0": "sad", "2": "happy"}}, "one label each"),
    "markup": ({"id2label": dict(zip("0123456", [*WORDS[:6], "<script>"], strict=True))}, "string should match"),
    "more labels than outputs": ({"id2label": dict(zip("01234567", [*WORDS, "contempt"], strict=True))}, "expected 7,"),
    "a huge width": ({"hidden_size": 10**9}, "hidden_size is 1000000000"),
    "a larger width": ({"hidden_size": 64}, "does not fit its configuration"),
    "endless layers": ({"num_hidden_layers": 10**6}, "num_hidden_layers is 1000000"),
    "no layers": ({"num_hidden_layers": -5}, "num_hidden_layers is -5"),
    "a patch a pixel": ({"patch_size": 1}, "patch_size is 1"),
    "an unknown activation": ({"hidden_act": "evil"}, "cannot be loaded"),
    "a JSON bomb": ({"extra": [[[0] * 65]]}, "65 values"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_configurations_are_refused_in_one_sentence(copy, name):
    changes, message = HOSTILE[name]
    edit(copy, **changes)
    with pytest.raises(InputError, match=message) as refusal:
        ModelFolder(copy).load()
    assert "\n" not in str(refusal.value)


def test_code_on_the_hub_named_as_attention_is_ignored(copy):
    edit(copy, _attn_implementation="evil/kernel", attn_implementation="evil/kernel")
    network: Any = ModelFolder(copy).load().network.network
    assert "evil" not in str(network.config)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": {"height": 99999, "width": 99999}}, "asks for crops of 99999 px"),
        ({"size": {"height": 32, "width": 64}}, "asks for crops of -1 px"),
        ({"size": {"height": 64, "width": 64}}, "cannot be loaded"),
        ({"image_mean": [0.5]}, "image_mean"),
        ({"image_std": [0.0, 0.5, 0.5]}, "std"),
        ({"rescale_factor": 1.0}, "rescale_factor"),
        ({"do_rescale": False}, "does not scale pixels"),
    ],
)
def test_preprocessing_that_is_not_ours_is_refused(copy, changes, message):
    edit(copy, "preprocessor_config.json", **changes)
    with pytest.raises(InputError, match=message):
        ModelFolder(copy).load()


def test_pickles_alone_are_not_read(copy):
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"no model\.safetensors; weights in other forms \(pickles"):
        ModelFolder(copy).load()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda tensors: tensors.pop("classifier.bias"), "does not fit its configuration"),
        (lambda tensors: tensors.update({"classifier.bias": torch.zeros(9)}), "cannot be loaded|does not fit"),
        (lambda tensors: tensors["classifier.bias"].fill_(float("nan")), "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(copy, spoil, message):
    tensors = load_file(copy / "model.safetensors")
    spoil(tensors)
    tensors["padding"] = torch.zeros(100)  # as many weights as expected, so that the names and shapes decide
    save_file(tensors, copy / "model.safetensors")
    with pytest.raises(InputError, match=message):
        ModelFolder(copy).load()


def test_a_folder_without_preprocessing_is_refused(copy):
    (copy / "preprocessor_config.json").unlink()
    with pytest.raises(InputError, match=r"has no preprocessor_config\.json"):
        ModelFolder(copy).load()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "hf-hub:evil/model"}, "'hf-hub:evil/model', which the installed timm does not have"),
        ({"architecture": "local-dir:/tmp"}, "does not have"),
        ({"architecture": "resnet18"}, "does not fit its configuration"),
        ({"label_names": ["cat", "dog"]}, "its labels are 'cat', 'dog'"),
        ({"label_names": None}, "one label each"),
        ({"pretrained_cfg": {"input_size": [3, 9999, 9999], "mean": [0.5] * 3, "std": [0.5] * 3}}, "9999 x 9999 px"),
        ({"pretrained_cfg": {"input_size": [1, 96, 96], "mean": [0.5] * 3, "std": [0.5] * 3}}, "input_size"),
        ({"pretrained_cfg": []}, "cannot be used"),
    ],
)
def test_hostile_timm_configurations_are_refused(residual, tmp_path, changes, message):
    folder = shutil.copytree(residual[0], tmp_path / "copy")
    edit(folder, **changes)
    with pytest.raises(InputError, match=message):
        ModelFolder(folder).load()


def test_a_strangers_arguments_do_not_reach_timm(residual, tmp_path, monkeypatch):
    folder = shutil.copytree(residual[0], tmp_path / "copy")
    edit(folder, model_args={"checkpoint_path": "evil.pth", "pretrained": True})
    build, seen = timm.create_model, []

    def watched(name, **given):
        seen.append(given)
        return build(name, **given)

    monkeypatch.setattr(timm, "create_model", watched)
    ModelFolder(folder).load()
    assert seen == [{"num_classes": 7, "img_size": None}] * 2


@pytest.mark.parametrize("library", ["transformers", "timm"])
def test_a_library_that_is_not_installed_is_named(vit, residual, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=f"is not installed: pip install {library}"):
        ModelFolder((vit if library == "transformers" else residual)[0]).load()


def test_ours_are_still_ours(model_folder):
    assert ModelFolder(model_folder).load().config.architecture == "simple_cnn"
    assert list_models([str(model_folder)])[0].architecture == "simple_cnn"


@pytest.mark.parametrize(
    ("text", "message"), [("[]", "expected an object"), ("{", "not a model"), ("{}", "not a model")]
)
def test_what_is_no_configuration_is_refused(tmp_path, text, message):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=message):
        ModelFolder(tmp_path).load()
