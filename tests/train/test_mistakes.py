"""What a practitioner gets wrong, as it is typed, and what each command says of it: one line, and status 2."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from fer_hub import EXPRESSIONS
from fer_hub.errors import run_command
from fer_hub.training import preparation
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.faces import write_dataset
from tests.raw_data import fer2013_faces, write_expw, write_fer2013_csv, write_photos, write_table
from train import evaluate, finetune, prepare_data

COMMANDS = {"finetune": finetune, "evaluate": evaluate, "prepare_data": prepare_data}

MISTAKES = {
    "whole photos given as face crops": (
        "finetune --dataset photos --output new",
        "photos holds whole photos: in 4 of 4 looked at a face is found, which covers",
        "Cut the faces out first: python train/prepare_data.py folder --raw photos --output photos-faces;",
    ),
    "pictures in no folder": (
        "prepare_data folder --raw faces/test/happy --output new",
        "0.png lies in faces/test/happy itself, where nothing says what it shows",
        "into a folder that is named by its expression, such as faces/test/happy/happy/",
    ),
    "split words misspelt": (
        "prepare_data folder --raw misspelt --output new",
        "these folders name no split, but look as if they should: 'tarin' for train, 'tset' for test; rename them.",
    ),
    "one split word misspelt": (
        "finetune --dataset half_misspelt --output new",
        "only some pictures in half_misspelt are in a split (train), and tset/angry/0.png is in none",
    ),
    "a split that is not there": (
        "evaluate --model run/model --dataset faces --split tset --output new",
        "faces has no split 'tset' (did you mean test?), only train, validation, test.",
    ),
    "numbers without their names": (
        "prepare_data folder --raw numbers --output new",
        "the labels in the folders of numbers are numbers, which say nothing about what they mean",
        "name them in their order with train/prepare_data.py folder --label-names angry,disgust,fear,...",
    ),
    "too few names for the numbers": (
        "prepare_data folder --raw numbers --output new --label-names angry,sad",
        "are numbers from 0 to 6, and --label-names names 2; give as many names as there are numbers",
    ),
    "pictures that cannot be read": (
        "finetune --dataset unreadable --crop none --output new",
        "14 of 14 pictures of unreadable, split 'train', cannot be used; the first, row 0: 0.png is not a JPEG,",
        "have train/prepare_data.py folder make a dataset without them.",
    ),
    "labels of one's own": (
        "finetune --dataset words --output new",
        "these labels in the folders of words, with their numbers of pictures, are not known: 'bored' (3), "
        "'engaged' (3)",
        "Labels of your own are learnt with --vocabulary, as in --vocabulary engaged bored.",
    ),
    "a word missing in --vocabulary": (
        "finetune --dataset words --vocabulary engaged board --output new",
        "labels in the folders of words are not in --vocabulary engaged board: 'bored' (3); add them to it",
    ),
    "too few pictures to choose on": (
        "finetune --dataset few --crop none --output new",
        "14 pictures are too few to carve 10% of train off to validation, with each of the 7 expressions on both "
        "sides; give more pictures of each, a larger --validation-share, or a dataset with splits of its own.",
    ),
    "an empty folder": (
        "finetune --dataset empty --output new",
        "empty holds no JPEG, PNG,",
        "picture; give the folder of the unpacked dataset.",
    ),
    "a folder of one class": (
        "finetune --dataset one_class --output new",
        "the labels of one_class are happy; expected names of at least two of the expressions angry,",
    ),
    "a dataset that is not there": (
        "finetune --dataset facse --output new",
        "there is no dataset 'facse'; give a folder or file of pictures or of a dataset, or owner/name[@revision]",
    ),
    "a damaged parquet file": (
        "finetune --dataset damaged --output new",
        "damaged/train.parquet is damaged, or no parquet file (Parquet magic bytes not found in footer); download or "
        "write it again.",
    ),
    "votes that nobody gave": (
        "finetune --dataset faces --crop none --targets votes --output new",
        "--targets votes: faces has no column 'votes'; prepare FER+ with train/prepare_data.py ferplus, or leave "
        "--targets out.",
    ),
    "a further column misspelt": (
        "finetune --dataset faces --auxiliary lable --output new",
        "faces has no column 'lable' in its split 'train' (did you mean label?), only image, label; give one of these.",
    ),
    "an unknown architecture": (
        "finetune --dataset faces --architecture ResNet19 --output new",
        "unknown architecture 'ResNet19' (did you mean resnet18?); this version has: simple_cnn,",
    ),
    "a flag nearly right": (
        "finetune --dataset faces --learning_rate 0.01 --output new",
        "there is no flag --learning_rate (did you mean --learning-rate?); see train/finetune.py --help.",
    ),
    "a flag of other programs": (
        "finetune --dataset faces --lr 0.01 --output new",
        "there is no flag --lr; see train/finetune.py --help.",
    ),
    "a size that is none": (
        "finetune --dataset faces --input-size 48x48 --output new",
        "--input-size is '48x48'; it should be a valid integer.",
    ),
    "a size too large": (
        "prepare_data folder --raw faces --size 4800 --output new",
        "--size is 4800; it must be between 16 and 512 pixels.",
    ),
    "a device that is none": (
        "finetune --dataset faces --device gpu --output new",
        "--device 'gpu' cannot be used here; give cpu, cuda, mps or auto.",
    ),
    "an output folder in use": (
        "finetune --dataset faces --crop none --output run",
        "run/model exists already; choose another --output, or extend its run with --resume and more --epochs.",
    ),
    "a report in use": (
        "evaluate --model run/model --dataset faces --output run/history.json",
        "run/history.json exists already; choose another --output, or replace it with --overwrite.",
    ),
    "resumed with other settings": (
        "finetune --output run --resume --epochs 2 --learning-rate 0.5",
        "run/checkpoint/state.pt was written with learning_rate 0.001, not 0.5; give the same settings, or another "
        "--output to start anew.",
    ),
    "nothing to resume": (
        "finetune --output rnu --resume",
        "there is nothing to resume at rnu/checkpoint/state.pt; leave out --resume to start.",
    ),
    "a start from another architecture": (
        "finetune --dataset faces --init-from run/model --architecture complex_cnn --output new",
        "--init-from run/model is a simple_cnn, not a complex_cnn; give --architecture simple_cnn, or leave it out.",
    ),
    "a start from another size": (
        "finetune --dataset faces --crop none --init-from run/model --input-size 96 --output new",
        "the model run/model does not fit the network: classifier.1.weight should be (128, 30976) and is (128, 12544); "
        "give the --architecture and --input-size that these weights are of.",
    ),
    "a start from a pickle": (
        "finetune --dataset faces --init-from run/checkpoint/state.pt --output new",
        "--init-from run/checkpoint/state.pt is no .safetensors file, and other kinds can run code when they are "
        "opened; save the state dict with safetensors.torch.save_file, and give that file.",
    ),
    "a model folder without its configuration": (
        "evaluate --model no_config --dataset faces --output new",
        "no_config is not a model folder: it has no config.json; give a folder with config.json and model.safetensors.",
    ),
    "the folder of a run as a model": (
        "evaluate --model run --dataset faces --output new",
        "run is not a model folder: it has no config.json; its model lies in run/model.",
    ),
    "a push without a token": (
        "finetune --dataset faces --push --output new",
        "pushing needs a Hub account; log in with `hf auth login`, or set HF_TOKEN to a write token.",
    ),
    "a model of other labels": (
        "evaluate --model run/model --dataset words --output new",
        "the model names angry, disgust, fear, happy, sad, surprise, neutral, and these labels in the folders of "
        "words, with their numbers of pictures, mean none of them: 'bored' (3), 'engaged' (3); rename them, or take a "
        "model that was trained on them.",
    ),
    "the wrong source": (
        "prepare_data fer2013 --raw expw --output new",
        "no folder in expw names an expression (its pictures lie in 'image/origin'), and what they show may stand in "
        "label/label.lst, which is not read;",
        "or name the published dataset that this is, in the place of folder: python train/prepare_data.py --help.",
    ),
    "the wrong source for a table": (
        "prepare_data folder --raw fer2013 --output new",
        "fer2013.csv holds pixels, as FER-2013's tables do; prepare it as fer2013, not as folder "
        "(train/prepare_data.py fer2013 --raw fer2013/fer2013.csv).",
    ),
    "a detection dataset": (
        "prepare_data folder --raw yolo --output new",
        "no folder in yolo names an expression (its pictures lie in 'train/images'), and what they show may stand in "
        "data.yaml, which is not read; write it as a table, labels.csv, with the columns path and label,",
    ),
    "pictures in folders of splits alone": (
        "finetune --dataset flat --output new",
        "0.png lies in flat/train itself, where nothing says what it shows; put each picture into a folder that is "
        "named by its expression, such as flat/train/happy/, or add a table with paths and labels.",
    ),
    "folds where splits are expected": (
        "prepare_data folder --raw folds --output new",
        "the column 'fold' of labels.csv should name splits, and holds '0' (1), '1' (1); write train, validation or "
        "test into each cell, or give the column another name where it is about something else.",
    ),
    "a split in a column of yes and no": (
        "prepare_data folder --raw yes_and_no --output new",
        "the column 'is_train' of labels.csv seems to say which pictures are in train; write train, validation or test "
        "into a column that is called split,",
    ),
    "photos of one's own as a published dataset": (
        "prepare_data fer2013 --raw split_photos --output new",
        "train/happy/0.jpg is of 640 x 480 pixels, and FER-2013's pictures are of 48 x 48; prepare pictures of your "
        "own with train/prepare_data.py folder.",
    ),
    "the wrong folder of a published dataset": (
        "prepare_data rafdb --raw faces --output new",
        "test/angry/0.png is not where RAF-DB has its pictures; expected list_patition_label.txt and the aligned",
    ),
}
"""Mistake -> what was typed, and what must be said."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some data in many a state, and the run of one model."""
    desk = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        patch.setattr(preparation, "measure_geometry", lambda *_: (FER2013_GEOMETRY, 0, 0))
        faces = write_dataset(Path("faces"), {"train": 3, "validation": 1, "test": 1})
        finetune.main(shlex.split("--dataset faces --crop none --epochs 1 --batch-size 8 --device cpu --output run"))
    few = write_dataset(desk / "few", {"train": 2, "test": 1})
    shutil.copytree(desk / faces / "train", desk / "misspelt" / "tarin")
    shutil.copytree(desk / faces / "test", desk / "misspelt" / "tset")
    shutil.copytree(desk / faces / "train", desk / "half_misspelt" / "train")
    shutil.copytree(desk / faces / "test", desk / "half_misspelt" / "tset")
    for number, expression in enumerate(EXPRESSIONS):
        shutil.copytree(few / "train" / expression, desk / "numbers" / str(number))
    for picture in shutil.copytree(few / "train", desk / "unreadable").rglob("*.png"):
        picture.write_bytes(b"no picture")
    for word in ("engaged", "bored"):
        shutil.copytree(desk / faces / "train" / "happy", desk / "words" / word)
    shutil.copytree(few / "train" / "happy", desk / "one_class" / "happy")
    (desk / "empty").mkdir()
    (desk / "damaged").mkdir()
    (desk / "damaged" / "train.parquet").write_bytes(b"PAR1" + bytes(1000))
    shutil.copytree(desk / "run" / "model", desk / "no_config")
    (desk / "no_config" / "config.json").unlink()
    shutil.copytree(few / "train" / "happy", desk / "yolo" / "train" / "images")
    (desk / "yolo" / "data.yaml").write_text("names: [angry, happy]")
    shutil.copytree(few / "train" / "happy", desk / "flat" / "train")
    for name, column in (("folds", "fold"), ("yes_and_no", "is_train")):
        shutil.copytree(few / "train" / "happy", desk / name)
        write_table(desk / name / "labels.csv", [("path", "label", column), ("0.png", "sad", 0), ("1.png", "happy", 1)])
    write_photos(desk / "photos", 2)
    shutil.copytree(desk / "photos", desk / "split_photos" / "train")
    write_expw(desk / "expw", photos=2, faces=1)
    write_fer2013_csv(desk / "fer2013" / "fer2013.csv", fer2013_faces({"train": 3}))
    return desk


@pytest.fixture
def typed(desk, known_geometry, monkeypatch, capsys):
    """Give a command as it would be typed at the desk; what it says, on stdout and on stderr, and its status."""
    monkeypatch.chdir(desk)
    monkeypatch.setattr("fer_hub.hub.client.get_token", lambda: None)

    def command(line: str) -> tuple[str, str, int]:
        name, *arguments = shlex.split(line)
        status = run_command(lambda: COMMANDS[name].main(arguments))
        said = capsys.readouterr()
        return said.out, said.err, status

    return command


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line(mistake, typed):
    line, *said = MISTAKES[mistake]
    _, errors, status = typed(line)
    told = errors.rpartition("error: ")[2]  # before it come the progress bars of what was read
    assert all(words in told for words in said), told
    assert told.endswith(".\n")
    assert told.count("\n") == 1
    assert status == 2
    assert not Path("new").exists()


def test_no_validation_split_is_made_good_and_said(typed, dataset_folder):
    out, _, status = typed(f"finetune --dataset {dataset_folder} --crop none --device cpu --output new --dry-run")
    assert "Choosing on 28 pictures carved from train (seed 0, stratified, copies kept together)" in out
    assert status == 0


def test_a_batch_larger_than_the_data_is_said(typed):
    out, _, status = typed("finetune --dataset faces --crop none --batch-size 64 --device cpu --output new --dry-run")
    assert "--batch-size 64 takes all 21 pictures at once, so that an epoch is a single step; a smaller one," in out
    assert status == 0


def test_the_run_at_the_desk_is_whole_after_all_this(desk):
    assert len(json.loads((desk / "run" / "history.json").read_text())) == 1
