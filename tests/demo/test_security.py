"""What a visitor must not be able to do: a demo served as it is, and requests that no page of it sends."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import gradio as gr
import httpx
import pytest
import torch
from gradio.utils import get_upload_folder
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, HTTPConnection

from fer_hub import InputError
from fer_hub.demo.app import MOST_SESSIONS, MOST_WAITING
from fer_hub.demo.security import bodies, requests, sweeping
from fer_hub.demo.security import deadline as deadlines
from fer_hub.demo.security.blocks import as_text
from fer_hub.demo.security.proxies import reach_this_machine
from fer_hub.demo.security.shares import MOST_EACH, visitor_of
from fer_hub.demo.security.uploads import check_uploads, is_upload
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.vision.images import EXAMPLE
from tests.demo.visitor import Visitor, function, served_demo

MODELS = ["fer-live", "simple_cnn"]
NOT_UPLOADED = "this is no file that was uploaded to this demo"
META = {"_type": "gradio.FileData"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[gr.Blocks]:
    """A demo that is served, with an upload folder of its own."""
    with served_demo(MODELS, tmp_path_factory.mktemp("uploads")) as demo:
        yield demo


@pytest.fixture(scope="module")
def visitor(demo) -> Visitor:
    return Visitor(demo.local_url)


# Files

WAYS_TO_NAME_A_FILE: dict[str, list[Any]] = {
    "image": [{"path": "{}"}, {"path": "{}", "meta": META}, {"path": "{}", "url": "data:image/png;base64,AAAA"}],
    "gallery": [
        [{"image": {"path": "{}"}, "caption": None}],
        [{"image": {"path": "{}", "meta": META}}],
        [{"video": {"path": "{}", "meta": META}}],
    ],
    "video": [{"path": "{}"}, {"path": "{}", "meta": META}, {"video": {"path": "{}", "meta": META}}],
    "file": [{"path": "{}"}, {"path": "{}", "meta": META}, [{"path": "{}", "meta": META}]],
}
"""By component: every form in which a request can name one."""

HARMLESS = {
    *("dropdown", "radio", "checkboxgroup", "slider", "textbox", "state", "api"),
    *("html", "json", "button", "downloadbutton", "tab"),
}
"""Components that never take a file."""


def filled(form: Any, path: str) -> Any:
    if isinstance(form, dict):
        return {key: filled(value, path) for key, value in form.items()}
    if isinstance(form, list):
        return [filled(value, path) for value in form]
    return path if form == "{}" else form


def test_no_function_reads_a_file_that_was_not_uploaded(demo, visitor, tmp_path):
    link, pipe = Path(get_upload_folder(), "link.jpg"), tmp_path / "pipe"
    link.symlink_to(EXAMPLE)
    os.mkfifo(pipe)
    inside = Path(get_upload_folder(), "pipe")
    os.mkfifo(inside)
    hostile = [EXAMPLE, "/nowhere/a.jpg", tmp_path, get_upload_folder(), pipe, inside, link, "http://127.0.0.1:1/a.jpg"]
    tried = 0
    for number, fn in demo.fns.items():
        for place, component in enumerate(fn.inputs):
            kind = component.get_block_name()
            assert kind in WAYS_TO_NAME_A_FILE or kind in HARMLESS, f"say how a file is named to {kind}"
            for form in WAYS_TO_NAME_A_FILE.get(kind, []):
                # Every path in the first form, and one in each other: what is told apart by neither is told by none.
                for path in hostile if form is WAYS_TO_NAME_A_FILE[kind][0] else hostile[:1]:
                    data: list[Any] = [None] * len(fn.inputs)
                    data[place] = filled(form, str(path))
                    answer = visitor.ask(number, data)
                    assert answer.data is None
                    assert NOT_UPLOADED in str(answer.error), (number, kind, path, answer.error)
                    tried += 1
        for path in hostile if fn.collects_event_data else ():
            event = {"files": [{"path": str(path), "name": "a.jpg"}]}
            answer = visitor.ask(number, [None] * len(fn.inputs), event_data=event)
            assert answer.data is None
            assert NOT_UPLOADED in str(answer.error), (number, path, answer.error)
            tried += 1
    assert tried > 40
    link.unlink()
    inside.unlink()


def test_what_was_uploaded_is_read(demo, visitor):
    path = visitor.upload("a photo.jpg", EXAMPLE.read_bytes())
    answer = visitor.ask(function(demo, "recognize"), [{"path": path, "meta": META}, ["fer-live"]])
    assert answer.error is None
    assert answer.data is not None
    assert len(answer.data[1]) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["path", "image", "url"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_request_holds_its_files_are_uploads_or_it_is_refused(data):
    def names_a_file(value: Any) -> bool:
        if isinstance(value, dict):
            return value.get("path") not in (None, "") or any(map(names_a_file, value.values()))
        return isinstance(value, list) and any(map(names_a_file, value))

    if names_a_file(data):
        with pytest.raises(InputError, match=NOT_UPLOADED):
            check_uploads(data)
    else:
        check_uploads(data)


def test_requests_may_be_deep():
    data: Any = {"path": "/etc/passwd"}
    for _ in range(100_000):
        data = [data]
    with pytest.raises(InputError, match=NOT_UPLOADED):
        check_uploads(data)
    assert not is_upload("a\0b")


# Queue


def test_nothing_goes_around_the_queue(demo, visitor):
    for number, fn in demo.fns.items():
        if fn.fn is None or fn.api_name == "models":  # done by the browser alone; a list that is ready
            continue
        assert fn.queue
        for address in (f"/gradio_api/run/{fn.api_name or 'predict'}", "/gradio_api/run/predict"):
            body = {"data": [None] * len(fn.inputs), "fn_index": number}
            assert visitor.http.post(address, json=body).status_code == 404


def test_models_answers_while_everything_else_is_slow(demo, visitor, monkeypatch):
    go_on, lock, running, most = threading.Event(), threading.Lock(), 0, 0
    real = Recognizers.get

    def slow(self: Recognizers, references: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go_on.wait(60)
        with lock:
            running -= 1
        return real(self, references)

    monkeypatch.setattr(Recognizers, "get", slow)
    path = visitor.upload("photo.jpg", EXAMPLE.read_bytes())
    recognize, video = function(demo, "recognize"), function(demo, "read")
    asked: list[tuple[int, list[Any], dict[str, Any]]] = [(recognize, [{"path": path, "meta": META}, None], {})] * 10
    asked += [(video, [[]], {"files": [{"path": path, "name": "photo.jpg"}]})] * 3
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = [
            pool.submit(Visitor(demo.local_url).ask, number, data, event_data=event) for number, data, event in asked
        ]
        deadline = time.monotonic() + 30
        while running < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        listed = visitor.ask(function(demo, "models"), [])
        assert listed.data is not None
        assert [model["reference"] for model in listed.data[0]] == MODELS
        assert visitor.http.post("/gradio_api/run/models", json={"data": []}).json()["data"] == listed.data
        assert not any(answer.done() for answer in answers)
        go_on.set()
        assert [answer.result().error for answer in answers[:10]] == [None] * 10
    assert most == 3  # two photos and one video


@pytest.mark.parametrize(
    ("peer", "noted", "visitor"),
    [
        ("127.0.0.1", "", None),  # on this machine, where no share is needed
        ("::1", "", None),
        ("8.8.8.8", "", "8.8.8.8"),
        ("192.168.1.7", "", "192.168.1.7"),  # beside it, without a proxy
        ("10.0.0.1", "8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "8.8.8.8, 10.0.0.2", "8.8.8.8"),
        ("10.0.0.1", "1.1.1.1, 8.8.8.8", "8.8.8.8"),  # what the visitor wrote stands first
        ("10.0.0.1", "<b>, ,x", "10.0.0.1"),
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),  # no proxy of ours
        ("testclient", "", "testclient"),
    ],
)
def test_a_visitor_is_an_address_that_nobody_chooses(peer, noted, visitor):
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", noted.encode())] if noted else []}
    assert visitor_of(HTTPConnection(scope)) == visitor


def test_nobody_fills_the_queue_and_the_queue_is_bounded(demo, visitor, monkeypatch):
    go_on = threading.Event()
    real = Recognizers.get

    def slow(self: Recognizers, references: Any) -> Any:
        go_on.wait(60)
        return real(self, references)

    monkeypatch.setattr(Recognizers, "get", slow)
    path = visitor.upload("photo.jpg", EXAMPLE.read_bytes())
    body = {"data": [{"path": path, "meta": META}, None], "fn_index": function(demo, "recognize")}

    def join(address: str) -> httpx.Response:
        with httpx.Client(base_url=demo.local_url, trust_env=False, headers={"X-Forwarded-For": address}) as http:
            return http.post("/gradio_api/queue/join", json={**body, "session_hash": f"share{address}"})

    try:
        assert [join("8.8.8.8").status_code for _ in range(MOST_EACH)] == [200] * MOST_EACH
        refused = join("8.8.8.8")
        assert refused.status_code == 503
        assert "requests are waiting already" in refused.text
        statuses = [join(f"8.8.9.{number}").status_code for number in range(MOST_WAITING)]
        assert statuses.count(503) == MOST_EACH - 2  # two are worked on
        assert statuses == sorted(statuses)
    finally:
        for queue in demo._queue.event_queue_per_concurrency_id.values():
            queue.queue.clear()
        go_on.set()
    deadline = time.monotonic() + 60
    while any(demo._queue.active_jobs) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert join("8.8.8.8").status_code == 200


@pytest.mark.slow
def test_no_number_of_visits_fills_the_memory(demo):
    sessions = demo.server_app.state_holder
    for number in range(2 * MOST_SESSIONS):
        sessions[f"visit{number}"]
    assert len(sessions.session_data) == len(sessions.time_last_used) == MOST_SESSIONS


# Hosts and routes


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:7860", True), ("127.0.0.1:7860", True), ("[::1]:7860", True), ("192.168.1.7", True),
        ("me-faces.hf.space", True), ("demo.example.org:80", True), ("LOCALHOST.", True),
        ("evil.example", False), ("localhost.evil.example:7860", False), ("127.0.0.1.evil.example", False), ("", False),
        ("[::1].evil.example", False),
    ],
)  # fmt: skip
def test_only_hosts_that_are_ours_are_answered(host, allowed, monkeypatch):
    monkeypatch.setenv("SPACE_HOST", "me-faces.hf.space")
    monkeypatch.setenv(requests.HOSTS_VARIABLE, "demo.example.org other.example.org")
    assert requests.is_allowed(host, requests.allowed_hosts()) is allowed


def test_a_foreign_host_gets_nothing(visitor):
    for address in ("/", "/config", "/gradio_api/info", "/gradio_api/mcp/", "/gradio_api/queue/join"):
        assert visitor.http.get(address, headers={"Host": "evil.example"}).status_code == 403
    assert visitor.http.get("/config").status_code == 200


def test_any_host_can_be_allowed(monkeypatch):
    monkeypatch.setenv(requests.HOSTS_VARIABLE, "*")
    assert requests.is_allowed("evil.example", requests.allowed_hosts())


CLOSED = [
    "/gradio_api/process_recording",
    "/gradio_api/vibe-edit",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/vibe-code",
    "/gradio_api/vibe-starter-queries",
    "/gradio_api/proxy=https://example.org",
    "/gradio_api/file=http://127.0.0.1:1/a",
    "/gradio_api/file=https://example.org/a.png",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/runs",
    "/gradio_api/login",
    "/gradio_api/token",
    "/gradio_api/dev/reload",
    "/monitoring",
    "/monitoring/summary",
    "/login",
    "/logout",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/gradio_api/custom_component/1/client/c/a.js",
]


@pytest.mark.parametrize("route", CLOSED)
def test_routes_that_the_demo_does_not_use_are_closed(visitor, route):
    assert visitor.http.get(route).status_code == 404
    assert visitor.http.post(route, files={"video": ("a.mp4", b"x")}).status_code == 404


def test_a_full_disk_takes_no_uploads(visitor, monkeypatch):
    monkeypatch.setattr(bodies, "LEAST_FREE_BYTES", 1 << 60)
    refused = visitor.http.post("/gradio_api/upload", files={"files": ("a.jpg", b"x")})
    assert refused.status_code == 507


# Words


@pytest.mark.parametrize("name", ["<img src=http://127.0.0.1:1/a.png>", "<b>bold</b>&amp;"])
def test_a_link_puts_no_html_into_a_message(demo, visitor, name):
    answer = visitor.ask(function(demo, "from_link"), [], query=str(httpx.QueryParams({"model": name})))
    (warning,) = [message for message in answer.messages if message["msg"] == "log"]
    assert warning["level"] == "warning"
    assert "&lt;" in warning["log"]
    assert "<" not in warning["log"]


def test_no_error_is_html(demo, visitor):
    for arguments in (["<img src=x>"], [["<b>"]], [{"a": 1}], [None], [7]):
        error = visitor.ask(function(demo, "evaluation"), arguments).error
        assert error
        assert "<" not in error
    path = visitor.upload("a.jpg", b"no picture")
    error = visitor.ask(function(demo, "recognize"), [{"path": path, "meta": META}, ["<img src=x>"]]).error
    assert "&lt;img" in str(error)


def test_messages_are_made_in_one_place():
    for file in Path("fer_hub/demo").rglob("*.py"):
        if file.name != "blocks.py":
            assert not [call for call in ("gr.Warning(", "gr.Info(", "gr.Error(") if call in file.read_text()], file


def test_quotes_stay_as_they_are():
    assert as_text("""no '<b>' & "c" here""") == """no '&lt;b&gt;' &amp; "c" here"""


def test_names_of_uploads_are_text(demo, visitor):
    path = visitor.upload("a\x1b[31m <img src=x>\u202e=1+1.jpg", EXAMPLE.read_bytes())
    event = {"files": [{"path": path, "name": "a\x1b[31m <img src=x>\u202e=1+1.jpg"}]}
    answer = visitor.ask(function(demo, "look_at_photos"), [None, ["fer-live"]], event_data=event)
    assert answer.error is None
    last = [message["output"]["data"] for message in answer.messages if message["msg"] == "process_generating"][-1]
    assert answer.data is not None
    assert "1 face found" in str(last) + str(answer.data)
    assert "<img src=x" not in str(answer.messages)


# Time


def test_a_network_stops_at_the_deadline_inside():
    reached = []
    last = torch.nn.Linear(2, 2)
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.ReLU(), last))
    deadlines.heed_deadlines(network)
    last.register_forward_hook(lambda *_: reached.append(True))
    with deadlines.deadline(60):
        network(torch.zeros(1, 2))
    network(torch.zeros(1, 2))  # outside there is none
    assert len(reached) == 2
    with deadlines.deadline(-1), pytest.raises(InputError, match="was stopped"):
        network(torch.zeros(1, 2))
    assert len(reached) == 2


def test_a_request_that_takes_too_long_is_told_so(demo, visitor, monkeypatch):
    monkeypatch.setattr("fer_hub.demo.security.blocks.REQUEST_SECONDS", -1.0)
    path = visitor.upload("photo.jpg", EXAMPLE.read_bytes())
    answer = visitor.ask(function(demo, "recognize"), [{"path": path, "meta": META}, ["fer-live"]])
    assert "was stopped" in str(answer.error)


# Traces


def test_all_that_is_old_goes_whoever_made_it(tmp_path):
    old, new = tmp_path / "abc" / "old.jpg", tmp_path / "new.mp4"
    old.parent.mkdir()
    old.write_bytes(b"x")
    time.sleep(0.3)
    new.write_bytes(b"x")
    assert sweeping.sweep(tmp_path, 0.2) == 1
    assert new.exists()
    assert not old.exists()
    time.sleep(0.3)
    sweeping.sweep(tmp_path, 0.2)
    assert list(tmp_path.iterdir()) == []
    assert sweeping.sweep(tmp_path / "nowhere", 0) == 0


def test_an_upload_that_breaks_off_is_swept(demo, visitor):
    folder = Path(get_upload_folder())
    for earlier in folder.rglob("*"):
        if earlier.is_file():
            earlier.unlink()
    address = httpx.URL(demo.local_url)
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {address.host}\r\nContent-Length: 10000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="face.jpg"\r\n\r\n'
    )
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall(head.encode() + b"a" * 2_000_000)
        deadline = time.monotonic() + 30
        while not (left := [file for file in folder.rglob("*") if file.is_file()]) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert left, "Gradio writes what arrives to a file of its own"
    time.sleep(0.5)
    sweeping.sweep(folder, 0)
    assert not [file for file in folder.rglob("*") if file.is_file()]


def test_an_upload_that_breaks_off_is_no_error_of_the_demo():
    async def broken(*_: Any) -> None:
        raise ClientDisconnect

    async def nothing(*_: Any) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": [(b"host", b"localhost")]}
    asyncio.run(requests.RequestGuard(broken)(scope, cast(Any, nothing), nothing))


# Proxies


def test_a_proxy_stands_aside_for_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    reach_this_machine()
    assert os.environ["no_proxy"] == "example.org,localhost,127.0.0.1,::1"
    with pytest.raises(httpx.ConnectError):  # as nobody listens there, and no proxy was asked
        httpx.get("http://127.0.0.1:1/", timeout=5)
    monkeypatch.setenv("ALL_PROXY", "socks9://127.0.0.1:1")
    with pytest.raises(InputError, match=r"ALL_PROXY is 'socks9://127.0.0.1:1', a proxy that cannot be used"):
        reach_this_machine()


@pytest.mark.slow
def test_the_demo_opens_whatever_proxies_there_are(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    proxies = {
        "http_proxy": "http://127.0.0.1:1",
        "https_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "socks5://127.0.0.1:1",
    }
    environment = {**kept, **proxies, "GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "app.py"], env=environment, stdout=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(retries=9)  # each after twice the time, half a second first
        with httpx.Client(transport=transport, trust_env=False) as client:
            assert client.get(f"http://127.0.0.1:{port}/config").status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=30)
    refused = subprocess.run(
        [sys.executable, "app.py"], env=environment | {"ALL_PROXY": "socks9://x"}, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ALL_PROXY is 'socks9://x', a proxy that cannot be used")
