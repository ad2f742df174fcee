"""From a photo to labels without this library: the folder's script, run where neither it nor torch can be imported."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from fer_hub import ExpressionClassifier, ExpressionRecognizer, InputError
from fer_hub.__main__ import main
from fer_hub.export.folder import export_folder
from fer_hub.export.onnx_file import export_onnx
from fer_hub.models import build_network
from fer_hub.models.config import Head
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.images import EXAMPLE
from fer_hub.vision.mtcnn import ONet, PNet, RNet
from tests.models.test_models import config_of

HEADS = {"gender": Head(classes=("female", "male"), temperature=2.0), "years of age": Head(mean=40.0, std=12.0)}

ISOLATED = """
import importlib.util, runpy, sys
sys.path[:0] = sys.argv[1:3]
assert not [name for name in ("torch", "fer_hub", "facenet_pytorch", "scipy") if importlib.util.find_spec(name)]
sys.argv[:3] = [sys.argv[2] + "/photo_to_label.py"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("export") / "fer-live-onnx"
    main(["export", "fer-live", "--with-detector", "--output", str(output)])
    return output


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """A folder in which onnxruntime, numpy and Pillow are installed, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    for name in ("onnxruntime", "numpy", "PIL"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        (site / name).symlink_to(package)
        for library in (f"{name.lower()}.libs", "pillow.libs"):
            if (package.parent / library).is_dir() and not (site / library).exists():
                (site / library).symlink_to(package.parent / library)
    return site


@pytest.fixture(scope="module")
def label(packages):
    def run(folder: Path, *photos: Path) -> tuple[int, list[list[dict]], str]:
        """Exit status, the faces of each photo, and what was said on stderr."""
        command = [sys.executable, "-I", "-S", "-B", "-c", ISOLATED, str(packages), str(folder), *map(str, photos)]
        result = subprocess.run(command, capture_output=True, text=True)
        return result.returncode, [json.loads(line)["faces"] for line in result.stdout.splitlines()], result.stderr

    return run


@pytest.fixture(scope="module")
def recognizer() -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained("fer-live")


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of their union that two boxes have in common."""
    (l1, t1, r1, b1), (l2, t2, r2, b2) = one, other
    shared = max(min(r1, r2) - max(l1, l2), 0) * max(min(b1, b2) - max(t1, t2), 0)
    return shared / ((r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - shared)


def assert_same(theirs: list[dict], recognizer: ExpressionRecognizer, picture: Path, count: int) -> None:
    ours = recognizer(picture)
    assert len(theirs) == len(ours) == count
    for face in ours:
        same = max(theirs, key=lambda other: overlap(face.box, other["box"]))
        assert overlap(face.box, same["box"]) >= 0.9
        assert same["expression"] == face.expression
        assert same["confidence"] == pytest.approx(face.confidence, abs=0.01)
        assert same["probabilities"] == pytest.approx(face.probabilities, abs=0.05)
        assert set(same) == set(face.to_dict()) - {"doubt"}


def several(photo: np.ndarray) -> Image.Image:
    """Three heads of a real photo on a soft background, turned a little, each of another size."""
    head = Image.fromarray(photo[20:260, 110:330])
    shade = np.linspace(60, 180, 1000)[None, :, None] + np.linspace(0, 40, 480)[:, None, None]
    scene = Image.fromarray(np.broadcast_to(shade, (480, 1000, 3)).astype(np.uint8))
    for height, turn, x, y in ((120, 0, 40, 60), (200, 15, 220, 40), (400, -10, 560, 40)):
        scaled = head.resize((round(height * 220 / 240), height), Image.Resampling.LANCZOS)
        mask = Image.new("L", scaled.size, 255).rotate(turn, expand=True)
        scene.paste(scaled.rotate(turn, Image.Resampling.BICUBIC, expand=True), (x, y), mask)
    return scene


def test_the_example_photo_gets_our_answer(folder, label, recognizer):
    status, (faces,), said = label(folder, EXAMPLE)
    assert (status, said) == (0, "")
    assert_same(faces, recognizer, EXAMPLE, 1)


def test_so_do_several_faces_largest_first(folder, label, recognizer, photo, tmp_path):
    several(photo).save(tmp_path / "several.png")
    status, (faces,), _ = label(folder, tmp_path / "several.png")
    assert status == 0
    assert_same(faces, recognizer, tmp_path / "several.png", 3)
    heights = [face["box"][3] - face["box"][1] for face in faces]
    assert heights == sorted(heights, reverse=True)


def test_so_do_real_photos(folder, label, recognizer, media):
    for name, count in (("multiface.jpg", 6), ("single_face.jpg", 1), ("free-mountain-vector-01.jpg", 0)):
        _, (faces,), _ = label(folder, media / name)
        assert_same(faces, recognizer, media / name, count)


def test_pictures_of_every_kind(folder, label, recognizer, photo, tmp_path):
    """Large (averaged twice), tight, grey, with transparency, turned by EXIF: each as ours sees it."""
    picture = Image.fromarray(photo)
    exif = Image.Exif()
    exif[0x0112] = 6  # show it turned by a quarter, clockwise
    left, top, right, bottom = (round(value) for value in FaceDetector().detect(photo)[0].box)
    files = [tmp_path / name for name in ("large.jpg", "tight.png", "grey.jpg", "alpha.png", "exif.jpg", "palette.png")]
    picture.resize((2048, 2048)).save(files[0])
    picture.crop((left, top, right, bottom)).save(files[1])
    picture.convert("L").save(files[2])
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(files[3])
    Image.fromarray(photo).rotate(90, expand=True).save(files[4], exif=exif)
    Image.fromarray(photo).quantize(200).save(files[5])
    status, answers, said = label(folder, *files)
    assert (status, said) == (0, "")
    for file, faces in zip(files, answers, strict=True):
        assert_same(faces, recognizer, file, 1)


@pytest.mark.parametrize("size", [(12, 12), (13, 3000), (191, 193), (700, 500)])
def test_a_picture_of_nothing_has_no_face(folder, label, size, tmp_path):
    Image.new("RGB", size, (128, 90, 30)).save(tmp_path / "nothing.png")
    assert label(folder, tmp_path / "nothing.png") == (0, [[]], "")


def test_what_cannot_be_read_is_told_in_one_sentence_and_the_others_are_answered(folder, label, tmp_path):
    Image.new("RGB", (7, 30)).save(tmp_path / "tiny.png")
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes(EXAMPLE.read_bytes()[:5000])
    files = [tmp_path / name for name in ("tiny.png", "text.jpg", "cut.jpg", "none.jpg")]
    status, answers, said = label(folder, *files, EXAMPLE)
    assert status == 2
    assert len(answers) == 1
    lines = said.splitlines()
    assert [f"error: {file}" in line or f"at {file};" in line for file, line in zip(files, lines, strict=True)] == [
        True
    ] * 4
    assert lines[0].endswith("tiny.png, 7 x 30 pixels, is too small for a face; give a larger one.")
    assert "text.jpg cannot be read as JPEG, PNG or WebP" in lines[1]


@pytest.fixture
def model_with_heads(tmp_path) -> Path:
    torch.manual_seed(0)
    config = config_of("compact_tiny", heads=HEADS, temperature=1.5)
    (tmp_path / "model").mkdir()
    ExpressionClassifier(build_network(config), config).save(tmp_path / "model")
    return tmp_path / "model"


def test_further_heads_are_outputs_by_name_and_the_script_prints_them(folder, label, model_with_heads, tmp_path):
    shutil.copytree(folder, tmp_path / "out")
    difference = export_onnx(str(model_with_heads), tmp_path / "out" / "classifier.onnx")
    assert difference is not None
    assert difference < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "out" / "classifier.onnx")
    assert [output.name for output in session.get_outputs()] == ["probabilities", "heads.gender", "heads.years of age"]
    said = json.loads(session.get_modelmeta().custom_metadata_map["heads"])
    assert said == {"gender": ["female", "male"], "years of age": []}
    loaded = ExpressionClassifier.load(model_with_heads)
    crops = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), dtype=np.uint8)
    probabilities, *found = session.run(None, {"crops": crops})
    expected = loaded.answers(torch.from_numpy(crops).permute(0, 3, 1, 2))
    np.testing.assert_allclose(probabilities, expected.probabilities, atol=1e-5)
    for answer, name in zip(found, HEADS, strict=True):
        np.testing.assert_allclose(answer, expected.heads[name], atol=1e-4)
    _, ((face,),), _ = label(tmp_path / "out", EXAMPLE)
    (ours,) = ExpressionRecognizer([loaded], FaceDetector())(EXAMPLE)
    assert face["heads"]["gender"] == pytest.approx(ours.heads["gender"], abs=0.02)
    assert face["heads"]["years of age"] == pytest.approx(ours.heads["years of age"], abs=0.5)


def test_the_folder_holds_what_its_readme_names(folder):
    names = {path.name for path in folder.iterdir()}
    onnx_files = {"pnet.onnx", "rnet.onnx", "onet.onnx", "classifier.onnx"}
    assert names == {*onnx_files, "README.md", "photo_to_label.py", "find_faces.py"}
    readme = (folder / "README.md").read_text()
    assert [name for name in names - {"README.md"} if f"`{name}`" not in readme] == []
    assert "$" not in readme
    assert "(N, 48, 48, 3), one upright face each" in readme
    assert "Apache 2.0. The pictures they were trained on" in readme


def test_the_networks_of_the_detector_give_torchs_answers_at_any_size(folder):
    cpu, rng = torch.device("cpu"), np.random.default_rng(0)
    pnet = PNet(cpu)
    for shape in ((1, 12, 12, 3), (1, 61, 33, 3), (1, 200, 301, 3)):
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        odds, features = pnet(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())
        found = onnxruntime.InferenceSession(folder / "pnet.onnx").run(["log_odds", "shifts"], {"pixels": pixels})
        np.testing.assert_allclose(found[0][0], odds, atol=1e-4)
        np.testing.assert_allclose(found[1][0], pnet.shift(features), atol=1e-4)
    networks: list[RNet | ONet] = [RNet(cpu), ONet(cpu)]
    for network, name in zip(networks, ("rnet", "onet"), strict=True):
        for count in (0, 1, 7):
            pixels = rng.integers(0, 256, (count, network.side, network.side, 3), dtype=np.uint8)
            found = onnxruntime.InferenceSession(folder / f"{name}.onnx").run(None, {"pixels": pixels})
            expected = network(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-4)
    nodes = [node.op_type for node in onnx.load(folder / "onet.onnx").graph.node]
    assert nodes.count("MaxPool") == 3  # what is written for speed in torch is one node here


def test_a_folder_that_exists_is_refused_and_nothing_is_left_of_one_that_fails(model_folder, tmp_path):
    with pytest.raises(InputError, match="exists already"):
        export_folder(str(model_folder), tmp_path)
    with pytest.raises(InputError, match="nothing-of-the-kind"):
        export_folder("nothing-of-the-kind", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_smaller_variants_go_into_the_folder_too(precision, model_with_heads, label, tmp_path):
    output = tmp_path / "out"
    export_folder(str(model_with_heads), output, precision)
    _, ((face,),), _ = label(output, EXAMPLE)
    (ours,) = ExpressionRecognizer.from_pretrained(str(model_with_heads))(EXAMPLE)
    assert face["probabilities"] == pytest.approx(ours.probabilities, abs=0.1)
    assert face["heads"]["gender"] == pytest.approx(ours.heads["gender"], abs=0.1)
    readme = (output / "README.md").read_text()
    assert "`heads.gender`, probabilities of female, male; `heads.years of age`, a value" in readme
