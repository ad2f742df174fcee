"""Requests that no page sends: every function given what it does not take, bodies without end, pages of others."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.requests import HTTPConnection

from fer_hub import InputError
from fer_hub.demo.security import bodies, requests
from fer_hub.demo.security.blocks import as_text
from fer_hub.demo.security.shares import MOST_UNHEARD, note_visitor, visitor_of
from fer_hub.demo.security.uploads import MOST_CHARACTERS, check_texts
from tests.demo.visitor import Visitor, function, served_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[gr.Blocks]:
    with served_demo(["fer-tiny", "simple_cnn"], tmp_path_factory.mktemp("uploads")) as demo:
        yield demo


@pytest.fixture(scope="module")
def visitor(demo) -> Visitor:
    return Visitor(demo.local_url)


# Values

WRONG: list[Any] = [None, [], {}, "x", "\ud800", -1, True, [None], [["a"]], {"path": None}, {"path": "", "meta": 5}]
LONG = ("try_example", "read_example", "timed")


@pytest.mark.slow
def test_whatever_a_function_is_given_it_answers_or_says_why_not(demo, visitor):
    tried = 0
    for number, fn in demo.fns.items():
        if fn.fn is None or fn.api_name in LONG:
            continue
        given: list[tuple[list[Any], Any]] = [([value] * len(fn.inputs), None) for value in WRONG] + [
            ([], None),
            ([None] * 50, None),
        ]
        kinds = [component.get_block_name() for component in fn.inputs]
        for wrong in ("fer-tiny", ["fer-tiny"], [["fer-tiny"]]):  # one choice for several, and several for one
            given.append(([wrong if kind == "dropdown" else None for kind in kinds], None))
        if fn.collects_event_data:
            events = [
                5,
                {},
                {"cell": "1" * 5000 + ",1"},
                {"cell": "1," + "1" * 5000 + ",1"},
                {"cell": [1]},
                {"files": 5},
            ]
            given += [(["fer-tiny"] * len(fn.inputs), event) for event in events]
            given += [([["fer-tiny"]] * len(fn.inputs), event) for event in events]
        for data, event in given:
            answer = visitor.ask(number, data, event_data=event)
            assert answer.data is not None or answer.error, (fn.api_name, data, event)
            tried += 1
    assert tried > 500


def test_what_is_told_back_of_a_long_value_is_short_and_can_be_sent():
    message = f"Value: {'x' * 100_000} is not in the list of choices: \ud800 <b>"
    assert as_text(message).endswith("list of choices: \\ud800 &lt;b&gt;")
    assert len(as_text(message)) < 1100


def test_texts_are_bounded(demo, visitor):
    check_texts(["x" * MOST_CHARACTERS])
    with pytest.raises(InputError, match="too long"):
        check_texts([{"a": "x" * MOST_CHARACTERS}, "y"])
    assert "too long" in str(visitor.ask(function(demo, "search"), ["x" * 1_000_000]).error)


# Bodies


def test_a_body_is_bounded_in_bytes_and_values(demo, visitor):
    join = "/gradio_api/queue/join"
    number = function(demo, "evaluation")
    long = json.dumps({"data": ["x" * bodies.MOST_BYTES], "fn_index": number, "session_hash": "a"})
    assert visitor.http.post(join, content=long).status_code == 413
    assert visitor.http.post(join, content=(part.encode() for part in [long[:9], long[9:]])).status_code == 413
    many = f'{{"data": [[{"[]," * bodies.MOST_VALUES}1]], "fn_index": {number}, "session_hash": "a"}}'
    refused = visitor.http.post(join, content=many, headers={"content-type": "application/json"})
    assert refused.status_code == 413
    assert "too many values" in refused.text


def test_an_upload_is_bounded_as_a_whole(visitor, monkeypatch):
    monkeypatch.setattr(bodies, "MOST_UPLOADED_BYTES", 100_000)
    files = [("files", (f"{number}.jpg", b"x" * 30_000)) for number in range(4)]
    assert visitor.http.post("/gradio_api/upload", files=files[:3]).status_code == 200
    assert visitor.http.post("/gradio_api/upload", files=files).status_code == 413
    body = httpx.Request("POST", "http://x", files=files)
    parts = (part for part in [body.read()[:50_000], body.read()[50_000:]])  # sent without saying how long it is
    refused = visitor.http.post(
        "/gradio_api/upload", content=parts, headers={"content-type": body.headers["content-type"]}
    )
    assert refused.status_code == 413


def test_the_name_of_a_session_is_bounded(demo, visitor):
    body = {"data": ["fer-tiny"], "fn_index": function(demo, "evaluation"), "session_hash": "x" * 101}
    refused = visitor.http.post("/gradio_api/queue/join", json=body)
    assert refused.status_code == 400
    assert "too long" in refused.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "content"),
    [
        ("GET", "/?page=/etc", {}, None),
        ("GET", "/static/" + "x" * 300, {}, None),
        ("POST", "/gradio_api/queue/join", {}, {"data": [], "fn_index": 9999, "session_hash": "a"}),
        ("POST", "/gradio_api/call/nothing", {}, {"data": []}),
        ("POST", "/gradio_api/run/nothing", {}, {"data": []}),
        ("POST", "/gradio_api/call/v2/recognize", {}, {"a": 1}),
        ("POST", "/gradio_api/upload", {"content-type": "multipart/form-data; boundary=" + "x" * 500}, b"x"),
        (
            "POST",
            "/gradio_api/upload",
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nno file\r\n--x--\r\n',
        ),
    ],
)
def test_what_breaks_gradio_is_a_request_of_no_use(visitor, method, path, headers, content):
    sent = {"content": content} if isinstance(content, bytes) else {"json": content}
    answer = visitor.http.request(method, path, headers=headers, **sent)
    assert answer.status_code == 400
    assert "cannot be understood" in answer.text


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=--5"])
def test_a_range_that_cannot_be_had_is_no_error_of_the_demo(visitor, asked):
    path = visitor.upload("a.jpg", b"x" * 100)
    assert visitor.http.get(f"/gradio_api/file={path}", headers={"Range": asked}).status_code == 400
    assert visitor.http.get(f"/gradio_api/file={path}", headers={"Range": "bytes=0-1"}).status_code == 206


# The queue


def test_answers_that_nobody_fetches_do_not_pile_up(demo, visitor):
    number = function(demo, "evaluation")
    for visit in range(MOST_UNHEARD + 20):
        body = {"data": ["fer-tiny"], "fn_index": number, "session_hash": f"unheard{visit}"}
        while visitor.http.post("/gradio_api/queue/join", json=body).status_code != 200:
            pass
    assert len(demo._queue.pending_messages_per_session) <= MOST_UNHEARD + len(demo._queue) + 2
    assert visitor.ask(number, ["fer-tiny"]).error is None
    assert len(demo._queue.pending_messages_per_session) <= MOST_UNHEARD


def test_who_asks_over_mcp_has_a_share_too():
    def request(peer: str, *headers: tuple[bytes, bytes]) -> HTTPConnection:
        scope = {"type": "http", "path": "/gradio_api/mcp/", "client": (peer, 1), "headers": list(headers)}
        return HTTPConnection(note_visitor(scope))

    passed_on = (b"x-gradio-user", b"mcp")
    assert request("8.8.8.8", (b"x-forwarded-for", b"1.1.1.1")).headers.getlist("x-forwarded-for")[-1] == "8.8.8.8"
    assert "x-forwarded-for" not in request("127.0.0.1").headers
    assert visitor_of(request("127.0.0.1")) is None
    assert visitor_of(request("127.0.0.1", passed_on)) == "assistants"
    assert visitor_of(request("127.0.0.1", passed_on, (b"x-forwarded-for", b"8.8.8.8"))) == "8.8.8.8"


# Pages of others


@pytest.mark.parametrize(
    ("origin", "host", "foreign"),
    [
        ("", "127.0.0.1:7860", False),  # a program, or a page that only reads itself
        ("http://127.0.0.1:7860", "127.0.0.1:7860", False),
        ("http://localhost:3000", "127.0.0.1:7860", False),
        ("http://[::1]:7860", "[::1]:7860", False),
        ("http://192.168.1.7:7860", "192.168.1.7:7860", False),
        ("https://evil.example", "127.0.0.1:7860", True),
        ("https://evil.example", "[::1]:7860", True),
        ("https://evil.example", "192.168.1.7:7860", True),
        ("https://localhost.evil.example", "localhost:7860", True),
        ("https://8.8.8.8", "localhost:7860", True),
        ("null", "localhost:7860", True),
        ("https://demo.example.org", "127.0.0.1:7860", False),  # a proxy that does not pass the name on
        ("https://blog.example.org", "me-faces.hf.space", False),  # a Space as a part of somebody's page
    ],
)
def test_pages_of_others_cannot_use_a_demo_on_this_machine(origin, host, foreign):
    assert (
        requests.is_foreign(origin, host, frozenset({"localhost", "demo.example.org", "me-faces.hf.space"})) is foreign
    )


def test_a_page_of_somebody_else_gets_nothing(visitor):
    evil = {"Origin": "https://evil.example"}
    files = {"files": ("a.jpg", b"x")}
    assert visitor.http.post("/gradio_api/upload", files=files, headers=evil).status_code == 403
    assert visitor.http.get("/config", headers=evil).status_code == 403
    assert visitor.http.get("/config", headers=evil | {"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_an_answer_that_began_is_not_begun_again():
    async def broken(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("later")

    async def nothing(*_: Any) -> None:
        return

    scope = {"type": "http", "method": "GET", "path": "/config", "headers": [(b"host", b"localhost")]}
    with pytest.raises(ValueError, match="later"):
        asyncio.run(requests.RequestGuard(broken)(scope, nothing, nothing))  # type: ignore[arg-type]
