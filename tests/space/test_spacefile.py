import shutil

import pytest
import yaml

from fer_hub import InputError
from fer_hub.space.spacefile import files_to_upload, read_spacefile, with_front_matter
from tests.conftest import REPOSITORY

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def change(tmp_path):
    """Read the project's Spacefile with some keys changed."""

    def read(**changes):
        values = yaml.safe_load((REPOSITORY / "Spacefile").read_text(encoding="utf-8")) | changes
        path = tmp_path / "Spacefile"
        path.write_text(yaml.safe_dump({key: value for key, value in values.items() if value is not None}))
        return read_spacefile(path)

    return read


def test_models_are_preloaded_by_commit_and_named_to_the_demo(change):
    space = change(models=[f"someone/faces@{COMMIT}"], variables={"LEVEL": "3"})
    block = space.front_matter()
    assert block["preload_from_hub"] == [f"someone/faces config.json,evaluation.json,model.safetensors {COMMIT}"]
    assert block["models"] == ["someone/faces"]
    assert space.all_variables() == {"LEVEL": "3", "FER_HUB_MODELS": f"someone/faces@{COMMIT}"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hardwear": "cpu-basic"}, "hardwear: unknown key"),
        ({"title": None}, "title: field required"),
        ({"hardware": "abacus"}, "hardware: 'abacus' is not offered; choose one of cpu-basic, cpu-upgrade, zero-a10g"),
        ({"models": ["someone/faces"]}, r"models\.0: String should match"),
        ({"models": ["someone/faces@main"]}, r"models\.0: String should match"),
        ({"variables": {"LEVEL": 3}}, r"variables\.LEVEL is .*; it should be a valid string"),
        ({"variables": {"a b": "c"}}, r"variables\.a b.*String should match"),
        ({"secrets": ["hf_abc=def"]}, r"secrets\.0: String should match"),
        ({"files": ["../secret"]}, "files: '../secret' leaves the folder"),
        ({"files": ["/etc/passwd"]}, "files: '/etc/passwd' leaves the folder"),
        ({"id": "a/b/c"}, "id: String should match"),
        ({"sdk": "docker"}, "sdk is .*; it should be 'gradio'"),
        ({"short_description": "x" * 61}, "short_description: String should have at most 60"),
        ({"python_version": 3.12}, "python_version is .*; it should be a valid string"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(change, changes, message):
    with pytest.raises(InputError, match=f"(?i){message}") as refusal:
        change(**changes)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: a\nid: b\n", "repeated key: id"),
        ("id: [", "not the YAML of a Spacefile"),
        ("- a\n", "Input should be"),
        ("id: !!python/object:os.system x\n", "not the YAML of a Spacefile"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path, text, message):
    (tmp_path / "Spacefile").write_text(text)
    with pytest.raises(InputError, match=f"(?i){message}") as refusal:
        read_spacefile(tmp_path / "Spacefile")
    assert "\n" not in str(refusal.value)


def test_a_missing_spacefile_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read.*give --spacefile"):
        read_spacefile(tmp_path / "Spacefile")


def test_the_block_is_replaced_and_the_text_kept(change):
    space, text = change(), "# Title\n\n---\nnot a block\n---\n"
    for readme in (text, f"---\nold: 1\n---\n{text}"):
        written = with_front_matter(readme, space)
        assert yaml.safe_load(written.split("---\n")[1]) == space.front_matter()
        assert written.split("---\n", 2)[2] == text
        assert with_front_matter(written, space) == written


def test_what_is_listed_is_uploaded_and_nothing_private(change, tmp_path):
    root = tmp_path / "project"
    for folder in ("fer_hub/__pycache__", "fer_hub/demo", "tests"):
        (root / folder).mkdir(parents=True)
    for name in ("app.py", "README.md", "fer_hub/demo/a.py", "fer_hub/demo/a.pyi", "fer_hub/__pycache__/a.pyc"):
        (root / name).write_text(name)
    (root / "fer_hub" / ".env").write_text("HF_TOKEN=hf_secret")
    (root / "fer_hub" / "link").symlink_to("/etc/passwd")
    (root / "requirements.txt").write_text("torch>=2.11")
    space = change(files=["app.py", "README.md", "requirements.txt", "fer_hub"])
    content = files_to_upload(space, root)
    assert sorted(content) == ["README.md", "app.py", "fer_hub/demo/a.py", "requirements.txt"]
    assert content["requirements.txt"].decode().splitlines() == ["torch>=2.11", "torch<2.12", "torchvision<0.27"]
    shutil.rmtree(root / "fer_hub")
    with pytest.raises(InputError, match="lists 'fer_hub', which is not in"):
        files_to_upload(space, root)
    with pytest.raises(InputError, match=r"must list 'app\.py'"):
        files_to_upload(change(files=["README.md"]), root)
