import json
import re
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from fer_hub import CropGeometry, ExpressionClassifier, FerHubError, InputError, ModelFolder, resolve
from fer_hub.__main__ import main
from fer_hub.export.onnx_file import example_crops, export_onnx
from fer_hub.hub.references import bundled_models
from fer_hub.models import build_network
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.faces import draw_face
from tests.models.test_models import config_of


@pytest.fixture(scope="module", params=bundled_models())
def exported(request, tmp_path_factory):
    file = tmp_path_factory.mktemp("export") / "model.onnx"
    difference = export_onnx(request.param, file)
    assert difference is not None
    assert difference < 1e-4
    assert [path.name for path in file.parent.iterdir()] == ["model.onnx"]  # one file, nothing left beside it
    return request.param, onnxruntime.InferenceSession(file)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_drawn_faces_get_the_answers_of_the_library_in_any_number(exported, count):
    name, session = exported
    classifier = resolve(name).load()
    rng, size = np.random.default_rng(0), classifier.config.crop.size
    crops = np.stack([np.asarray(draw_face("happy", rng).resize((size, size)).convert("RGB")) for _ in range(count)])
    crops[..., 0] //= 2  # colour, so that the conversion to grey shows
    (found,) = session.run(["probabilities"], {"crops": crops})
    expected = classifier.probabilities(torch.from_numpy(crops).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_the_file_says_how_it_is_used(exported):
    name, session = exported
    config = resolve(name).load().config
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["labels"]) == list(config.labels)
    assert CropGeometry.model_validate_json(said["crop"]) == config.crop
    assert said["model"] == name
    assert "not what a person feels" in said["limits"]
    (crops,) = session.get_inputs()
    assert (crops.name, crops.type, crops.shape) == ("crops", "tensor(uint8)", ["batch", *2 * [config.crop.size], 3])


def test_crops_larger_than_the_networks_input_are_made_smaller_alike(tmp_path):
    crop = FER2013_GEOMETRY.model_copy(update={"size": 110})
    config = config_of("simple_cnn", crop=crop, grey=False, mirror=True)
    classifier = ExpressionClassifier(build_network(config), config)
    classifier.save(tmp_path)
    difference = export_onnx(str(tmp_path), tmp_path / "model.onnx")
    assert difference is not None
    assert difference < 1e-4


def test_the_check_is_made_on_crops_of_a_face_that_differ(exported):
    crops = example_crops(resolve(exported[0]).load())
    assert len({crop.tobytes() for crop in crops}) == len(crops) == 32


def test_a_file_that_differs_is_not_kept(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_hub.export.onnx_file.TOLERANCE", -1.0)
    with pytest.raises(FerHubError, match="differs from the model"):
        export_onnx(str(model_folder), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_the_exporter_one_sentence_says_what_to_install(model_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(InputError, match="needs onnxscript, which is not installed: pip install onnx onnxscript"):
        export_onnx(str(model_folder), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_place_for_a_file(model_folder, tmp_path):
    with pytest.raises(InputError, match="is a folder; give the name of the file"):
        export_onnx(str(model_folder), tmp_path)


def test_the_command_says_what_it_wrote_and_how_it_compares(model_folder, tmp_path, capsys):
    main(["export", str(model_folder), "--output", str(tmp_path / "mine.onnx")])
    said = capsys.readouterr().out
    assert str(tmp_path / "mine.onnx") in said
    assert "largest difference from torch" in said


@pytest.mark.slow
def test_fp16_halves_the_file_and_barely_changes_an_answer(model_folder, tmp_path):
    export_onnx(str(model_folder), tmp_path / "fp32.onnx")
    difference = export_onnx(str(model_folder), tmp_path / "fp16.onnx", "fp16")
    assert difference is not None
    assert difference < 0.01
    sizes = {name: (tmp_path / f"{name}.onnx").stat().st_size for name in ("fp32", "fp16")}
    assert sizes["fp16"] < 0.55 * sizes["fp32"]


def test_int8_is_a_quarter_and_its_loss_is_measured_on_the_same_pictures(
    model_folder, dataset_folder, tmp_path, capsys
):
    export_onnx(str(model_folder), tmp_path / "fp32.onnx")
    file = tmp_path / "int8.onnx"
    flags = ["--precision", "int8", "--dataset", str(dataset_folder), "--output", str(file)]
    main(["export", str(model_folder), *flags])
    said = capsys.readouterr().out
    assert file.stat().st_size < 0.35 * (tmp_path / "fp32.onnx").stat().st_size
    found = re.search(r"(\d+\.\d)% of test are named right, (\d+\.\d)% in fp32", said)
    assert found is not None
    report = ModelFolder(model_folder).evaluation
    assert float(found[2]) == pytest.approx(100 * report.accuracy, abs=0.1)
    assert abs(float(found[1]) - float(found[2])) < 10  # 70 pictures, of which each is 1.4 points
    assert "Of 70 pictures both name" in said
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_dataset_is_for_what_loses_something(model_folder, dataset_folder):
    with pytest.raises(InputError, match="--dataset measures what --precision fp16 or int8 loses"):
        main(["export", str(model_folder), "--dataset", str(dataset_folder)])
