import csv
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from PIL import Image

from fer_hub import InputError
from fer_hub.data.reference import Dataset
from fer_hub.training.config.flags import parse_config
from fer_hub.training.preparation import run_identity
from fer_hub.training.tuning.sharing import trials_to_run
from fer_hub.training.tuning.study import NAME, SPACES, draw_trials, open_study, rounded, storage_in
from tests.conftest import REPOSITORY
from train import tune

QUICK = "--epochs 2 --max-train-images 70 --validation-share 0.2 --device cpu"


def arguments(dataset: Path, output: Path, trials: int, more: str = "") -> list[str]:
    return f"--dataset {dataset} --output {output} --trials {trials} {QUICK} {more}".split()


def opened(output: Path) -> optuna.Study:
    return optuna.load_study(study_name=NAME, storage=storage_in(output))


@pytest.fixture(scope="module")
def searched(dataset_folder, tmp_path_factory) -> Path:
    """The folder of a search of two trials."""
    output = tmp_path_factory.mktemp("tuning")
    tune.main(arguments(dataset_folder, output, 2))
    return output


def test_every_trial_is_kept_with_each_epoch(searched):
    trials = opened(searched).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    for trial in trials:
        assert list(trial.intermediate_values) == [1, 2]
        assert trial.value == max(trial.intermediate_values.values())
        assert trial.params["batch_size"] in (16, 32, 64)
        assert trial.params["dropout"] in (0.3, 0.4, 0.5)
        assert 1e-4 <= trial.params["learning_rate"] <= 1e-2
    assert trials[0].params != trials[1].params


def test_table_and_plot_are_written_and_nothing_else_is_left(searched):
    assert {file.name for file in searched.iterdir()} == {".lock", "study.log", "trials.csv", "trials.png"}
    with (searched / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["COMPLETE"] * 2
    assert float(rows[1]["params_learning_rate"]) == opened(searched).trials[1].params["learning_rate"]
    with Image.open(searched / "trials.png") as plot:
        assert plot.width > 1000


def test_it_ends_with_the_command_of_the_best_trial_and_repeats_none(searched, dataset_folder, capsys):
    tune.main(arguments(dataset_folder, searched, 2))
    printed = capsys.readouterr().out
    assert "Trial" not in printed  # nothing was trained again
    best, line = opened(searched).best_trial, printed.splitlines()[-1]
    assert line.startswith("python train/finetune.py ")
    config = parse_config(shlex.split(line)[2:]).settings()
    assert {name: config[name] for name in best.params} == rounded(best.params)
    assert (config["epochs"], config["stopping_patience"], config["max_train_images"]) == (50, 10, None)
    assert config["output"] == str(searched / "best")
    assert config["dataset"] == str(dataset_folder)


def test_other_settings_do_not_continue_a_search(searched, dataset_folder):
    with pytest.raises(InputError, match="was begun with epochs 2, not 3"):
        tune.main(arguments(dataset_folder, searched, 3, "--epochs 3"))
    with pytest.raises(InputError, match="was begun with space 'report', not 'wide'"):
        tune.main(arguments(dataset_folder, searched, 3, "--space wide"))


@pytest.mark.slow
def test_a_killed_search_goes_on_in_the_trial_it_was_killed_in(dataset_folder, tmp_path, capsys):
    more = "--epochs 3"
    script = str(REPOSITORY / "train" / "tune.py")
    command = [sys.executable, script, *arguments(dataset_folder, tmp_path, 1, more)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "checkpoint" / "0" / "state.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (killed,) = opened(tmp_path).trials
    assert killed.state == TrialState.RUNNING
    tune.main(arguments(dataset_folder, tmp_path, 1, more))
    assert "Continuing in epoch" in capsys.readouterr().out
    (continued,) = opened(tmp_path).trials
    assert continued.state == TrialState.COMPLETE
    assert continued.params == killed.params
    assert set(continued.intermediate_values) >= {2, 3}


@pytest.mark.slow
def test_two_processes_share_the_trials_of_one_study(dataset_folder, tmp_path):
    script = str(REPOSITORY / "train" / "tune.py")
    command = [sys.executable, script, *arguments(dataset_folder, tmp_path, 6)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    trials = opened(tmp_path).trials
    assert all(trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in trials)
    begun = [re.findall(r"^Trial (\d+): batch_size", text, re.MULTILINE) for text in said]
    assert sorted(begun[0] + begun[1]) == list("012345")  # each once, and no more
    assert all(begun)
    assert len({json.dumps(trial.params) for trial in trials}) == 6
    assert all("Best of 6 trials" in text for text in said)
    assert {file.name for file in tmp_path.iterdir()} == {".lock", "study.log", "trials.csv", "trials.png"}


@pytest.mark.slow
def test_the_trial_of_a_killed_process_goes_to_another_one(dataset_folder, tmp_path):
    line = arguments(dataset_folder, tmp_path, 2, "--epochs 40 --stopping-patience 40")
    command = [sys.executable, str(REPOSITORY / "train" / "tune.py"), *line]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "checkpoint" / "0" / "state.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    study = opened(tmp_path)
    taken = trials_to_run(study, 2, tmp_path, 0)
    first = next(taken)
    assert first.number == 1  # the other has trial 0
    study.tell(first, 0.5)
    process.kill()
    process.wait()
    second = next(taken)
    assert second.number == 0
    study.tell(second, 0.5)
    assert list(taken) == []
    assert [trial.state for trial in opened(tmp_path).trials] == [TrialState.COMPLETE] * 2


def test_a_hopeless_trial_is_cut_short(dataset_folder, tmp_path, capsys):
    config = parse_config(arguments(dataset_folder, tmp_path, 1)[:4] + QUICK.split())
    identity = {**run_identity(config, Dataset(str(dataset_folder))), "space": "report"}
    study = open_study(tmp_path, 2, identity)
    for _ in range(4):  # better than any network can be
        trial = study.ask()
        SPACES["report"](trial, 1e-3)
        trial.report(2.0, 1)
        study.tell(trial, 2.0)
    tune.main(arguments(dataset_folder, tmp_path, 5))
    assert [trial.state for trial in opened(tmp_path).trials] == [TrialState.COMPLETE] * 4 + [TrialState.PRUNED]
    assert list(opened(tmp_path).trials[-1].intermediate_values) == [1]
    assert "worse than half of the others at this point" in capsys.readouterr().out


def test_continuations_draw_new_trials(tmp_path):
    drawn = set()
    for number in range(1, 5):
        study = open_study(tmp_path, 50, {})
        for trial in trials_to_run(study, number, tmp_path, 0):
            drawn.add(json.dumps(SPACES["wide"](trial, 1e-3)))
            study.tell(trial, 0.5)
    assert len(drawn) == 4


@pytest.mark.parametrize("space", SPACES)
def test_a_space_holds_settings_that_finetune_takes(space):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        settings = rounded(SPACES[space](study.ask(), 1e-3))
        flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        config = parse_config(flags).settings()
        assert {name: config[name] for name in settings} == settings


def test_a_plot_shows_ended_and_cut_trials():
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(6):
        trial = study.ask()
        SPACES["wide"](trial, 1e-3)
        trial.report(0.1 * number, 1)
        study.tell(trial, *((0.1 * number, TrialState.COMPLETE) if number % 2 else (None, TrialState.PRUNED)))
    figure = draw_trials(study)
    assert [axes.get_xlabel() for axes in figure.axes] == list(study.best_params)
    for axes in figure.axes:
        ended, cut, best = (np.asarray(collection.get_offsets()) for collection in axes.collections)
        assert (len(ended), len(cut)) == (3, 3)
        assert best[0].tolist() == [study.best_params[axes.get_xlabel()], 0.5]


def test_a_damaged_study_and_impossible_numbers_are_refused(dataset_folder, tmp_path):
    (tmp_path / "study.log").write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match=r"study\.log cannot be used"):
        tune.main(arguments(dataset_folder, tmp_path, 1))
    with pytest.raises(InputError, match="--trials is 0"):
        tune.main(arguments(dataset_folder, tmp_path, 0))
