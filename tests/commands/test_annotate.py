"""fer-hub annotate, as typed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from fer_hub.__main__ import main
from fer_hub.errors import InputError
from tests.annotate.conftest import MODEL, rows, write_photos
from tests.conftest import REPOSITORY
from tests.hub_server.access import WRITE_TOKEN


@pytest.mark.slow
def test_it_says_what_was_found(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 2)
    (photos / "broken.jpg").write_text("no photo")
    main(["annotate", str(photos), "--output", str(tmp_path / "out"), "--model", MODEL])
    text = capsys.readouterr().out
    assert "2 faces in 2 photos and 0 videos." in text
    assert "1 could not be read: 1 it is not a JPEG" in text
    assert "corrected" in text
    assert len(rows(tmp_path / "out")) == 2


@pytest.mark.slow
def test_shares_are_merged(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 2)
    for share in ("1/2", "2/2"):
        output = str(tmp_path / share[0])
        main(["annotate", str(photos), "--output", output, "--model", MODEL, "--processes", "0", "--shard", share])
        assert f"Share {share[0]} of 2: {output}" in capsys.readouterr().out
    main(["annotate", "--merge", str(tmp_path / "1"), str(tmp_path / "2"), "--output", str(tmp_path / "out")])
    assert "2 faces in 2 photos" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either SOURCE .* or --merge"),
        (["photos", "--merge", "1"], "give either SOURCE .* or --merge"),
        (["photos", "--shard", "3/2"], "'3/2' is not i/n, such as 1/8"),
        (["photos", "--shard", "0/2"], "'0/2' is not i/n, such as 1/8"),
        (["nowhere"], "there is no collection 'nowhere'"),
        (["photos", "--push", "a/b"], "log in with `hf auth login`"),
        (["photos", "--model", "nobody"], "there is no collection"),
        (["--merge", "1", "--shard", "1/3"], "--merge takes its models, and whether --crops, from the shares"),
        (["--merge", "1", "--model", "fer-tiny"], "--merge takes its models"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(arguments, message, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_hub.hub.client.get_token", lambda: None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        main(["annotate", *arguments, "--output", "out"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("parts", [0, 1])
def test_ctrl_c_ends_it_and_its_processes_with_one_sentence(tmp_path, parts):
    photos = write_photos(tmp_path / "photos", 600)
    command = [sys.executable, "-m", "fer_hub", "annotate", str(photos), "--output", str(tmp_path / "out")]
    folder = tmp_path / ".out-unfinished" / "parts"
    with subprocess.Popen(
        [*command, "--model", MODEL, "--processes", "2"],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that the signal goes to all its processes, as a terminal sends it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's & has it ignored
    ) as run:
        while not folder.exists() or len(list(folder.glob("*.parquet"))) < parts:
            assert run.poll() is None
            time.sleep(0.05)
        time.sleep(1)  # its processes are starting, or at work
        os.killpg(run.pid, signal.SIGINT)
        assert run.stderr is not None
        said = run.stderr.read()
    assert run.returncode == 130
    assert "Traceback" not in said
    assert said.rstrip().endswith("stopped; the same command goes on where this one was.")


@pytest.mark.slow
def test_tables_are_pushed_privately(hub, client, repository, tmp_path):
    photos = write_photos(tmp_path / "photos", 1)
    arguments = ["annotate", str(photos), "--output", str(tmp_path / "out"), "--model", MODEL, "--push", repository]
    arguments += ["--processes", "0"]
    status, out, err = client.run(*arguments, token=WRITE_TOKEN)
    assert status == 0, err
    assert f"Pushed: {hub.endpoint}/datasets/{repository}" in out
    pushed = hub.store.get("datasets", repository)
    assert pushed.private
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["faces"] == 1
