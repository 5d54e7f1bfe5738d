"""Every failed request ends in one sentence of the visitor's language, without a path or trace."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import httpx
import numpy as np
import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from demo.asgi.error_sentences import ErrorSentences
from demo.i18n import LOCALES, translate
from demo.service import examples
from tests.conftest import Server
from tests.support.asgi_client import run

HUGE = "1" + "0" * 400
JOIN = "/gradio_api/queue/join"
VALUES = {"classify": 3, "detect": 5, "augment": 4, "compare": 6, "models": 0, "video": 10}


class Api(httpx.Client):
    """A program that speaks to the server without a library."""

    def __init__(self, server: Server, language: str = "en") -> None:
        headers = {"accept-language": language, "content-type": "application/json"}
        super().__init__(base_url=server.url, timeout=30, headers=headers)
        dependencies = self.get("/config").json()["dependencies"]
        self.functions = {d["api_name"]: d for d in dependencies}

    def upload(self) -> dict[str, Any]:
        files = {"files": ("bus.jpg", examples.paths()[0].read_bytes())}
        answer = httpx.post(f"{self.base_url}/gradio_api/upload", files=files)
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}

    def fault(self, function: str, data: str) -> dict[str, Any]:
        """The end of a request that fails; data: JSON."""
        session, index = uuid4().hex, self.functions[function]["id"]
        body = f'{{"data": {data}, "fn_index": {index}, "session_hash": "{session}"}}'
        self.post(JOIN, content=body).raise_for_status()
        stream = self.get("/gradio_api/queue/data", params={"session_hash": session}).text
        events = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
        (last,) = [event for event in events if event["msg"] == "process_completed"]
        assert not last["success"], last
        output: dict[str, Any] = last["output"]
        return output


@pytest.fixture(scope="module", params=LOCALES)
def api(server: Server, request: pytest.FixtureRequest) -> Iterator[Api]:
    with closing(Api(server, request.param)) as made:
        yield made


def check_sentence(sentence: object, locale: str) -> None:
    assert isinstance(sentence, str)
    assert sentence.endswith("." if locale == "en" else "。"), sentence
    assert bool(re.search("[一-鿿]", sentence)) == (locale != "en"), sentence
    assert not re.search(r"/(tmp|opt|home|root|etc)|Traceback|Error\b|line \d", sentence), sentence


def refused(answer: httpx.Response, status: int, locale: str) -> str:
    assert answer.status_code == status, answer.text
    content = answer.json()
    assert content["error"] == content["detail"]
    check_sentence(content["error"], locale)
    return str(content["error"])


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (function, got)
        for function, wanted in VALUES.items()
        for got in sorted({0, wanted - 1, wanted + 27} - {-1, wanted})
    ],
)
def test_missing_and_extra_values_are_counted(api: Api, function: str, got: int) -> None:
    wanted = VALUES[function]
    told = api.fault(function, json.dumps([None] * got))
    locale = api.headers["accept-language"]
    check_sentence(told["error"], locale)
    assert str(got) in told["error"]
    assert told["title"] == translate("error_title", locale)
    if wanted:
        assert str(wanted) in told["error"]
        assert "image, model" in told["error"] or function in ("augment", "video")


def test_handlers_of_the_page_count_their_values_too(api: Api) -> None:
    tried = 0
    for name, function in api.functions.items():
        if function["backend_fn"] and function["inputs"]:
            check_sentence(api.fault(name, "[]")["error"], api.headers["accept-language"])
            tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    "value", [HUGE, "NaN", "-Infinity", "[[]]", '{"a": 1}', "true", '"\\ud800"']
)
@pytest.mark.parametrize("function", ["classify", "detect", "augment", "video"])
def test_a_value_of_another_kind_is_one_sentence(api: Api, function: str, value: str) -> None:
    picture = json.dumps(api.upload())
    data = ", ".join([picture, *[value] * (VALUES[function] - 1)])
    check_sentence(api.fault(function, f"[{data}]")["error"], api.headers["accept-language"])
    data = ", ".join([value] * VALUES[function])
    check_sentence(api.fault(function, f"[{data}]")["error"], api.headers["accept-language"])


@pytest.mark.parametrize("handler", ["answer", "answer_1", "previews", "run", "fit", "show_1"])
def test_a_control_with_a_value_of_another_kind_is_one_sentence(api: Api, handler: str) -> None:
    inputs = len(api.functions[handler]["inputs"])
    for value in (HUGE, '{"x": 1}'):
        data = ", ".join([value] * inputs)
        check_sentence(api.fault(handler, f"[{data}]")["error"], api.headers["accept-language"])


@pytest.mark.parametrize("index", ["99999", "-1", HUGE, "null"])
def test_an_unknown_number_of_a_function_names_the_endpoints(api: Api, index: str) -> None:
    body = f'{{"data": [], "fn_index": {index}, "session_hash": "x"}}'
    answer = api.post(JOIN, content=body)
    assert "/classify, /detect" in refused(answer, 404, api.headers["accept-language"])


@pytest.mark.parametrize("route", ["call", "call/v2", "run", "api"])
@pytest.mark.parametrize("name", ["nothing", "load_example", "refresh", "answer", "js_fn"])
def test_only_endpoints_are_called_by_name(api: Api, route: str, name: str) -> None:
    answer = api.post(f"/gradio_api/{route}/{name}", json={"data": [None]})
    refused(answer, 404, api.headers["accept-language"])


@pytest.mark.parametrize("name", VALUES)
def test_nothing_runs_past_the_queue(api: Api, name: str) -> None:
    for number in ({}, {"fn_index": api.functions["refresh"]["id"]}, {"fn_index": 9999}):
        answer = api.post(f"/gradio_api/run/{name}", json={"data": [], **number})
        refused(answer, 404, api.headers["accept-language"])


def test_wrong_names_of_values_name_the_right_ones(api: Api) -> None:
    for body in ({"imag": 1}, {}):
        answer = api.post("/gradio_api/call/v2/detect", json=body)
        sentence = refused(answer, 422, api.headers["accept-language"])
        assert "image, model, confidence, iou, classes" in sentence
    answer = api.post("/gradio_api/call/v2/models", json={"imag": 1})
    refused(answer, 422, api.headers["accept-language"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('{"data": [], "fn_index": "a", "session_hash": "x"}', ["fn_index"]),
        ('{"fn_index": 0, "session_hash": "x"}', ["data"]),
        ('{"data": "abc", "fn_index": 0, "session_hash": "x"}', ["data"]),
        ('{"data": {"a": 1}, "fn_index": 0, "session_hash": 5}', ["data", "session_hash"]),
        ("[1, 2]", []),
        ("{nope", []),
        ("", []),
        ("\x00\xff", []),
    ],
)
def test_a_body_of_another_form_names_the_fields(api: Api, body: str, fields: list[str]) -> None:
    answer = api.post(JOIN, content=body)
    sentence = refused(answer, 422, api.headers["accept-language"])
    assert set(fields) == set(answer.json().get("fields", []))
    assert all(field in sentence for field in fields)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/gradio_api/nothing", 404),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/gradio_api/file=/etc/passwd", 403),
        ("GET", "/gradio_api/queue/join", 405),
        ("PUT", "/", 405),
        ("POST", "/gradio_api/upload", 400),
        ("POST", "/gradio_api/cancel", 422),
        ("POST", "/gradio_api/stream/nothing", 404),
    ],
)
def test_an_address_that_does_not_answer_says_why(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = api.request(method, path, content='{"data": []}' if method == "POST" else None)
    refused(answer, status, api.headers["accept-language"])
    head = api.head("/nothing")
    assert head.status_code == 404
    assert head.content == b""


def test_a_form_that_is_none_is_one_sentence(api: Api) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = api.post("/gradio_api/upload", content=b"abc", headers={"content-type": kind})
        refused(answer, 400, api.headers["accept-language"])


def test_an_unknown_session_ends_in_a_sentence(api: Api) -> None:
    locale = api.headers["accept-language"]
    stream = api.get("/gradio_api/queue/data", params={"session_hash": uuid4().hex})
    event = json.loads(stream.text[5:])
    assert event["session_not_found"]  # gradio's page looks for it
    check_sentence(event["message"], locale)
    for path in ("call/models", "call/v2/detect"):
        lines = api.get(f"/gradio_api/{path}/{uuid4().hex}").text.splitlines()
        assert lines[0] == "event: error"
        check_sentence(json.loads(lines[1][6:]), locale)


@pytest.fixture
def small_server(shared_data: Path) -> Iterator[Server]:
    """A server where one request may wait."""
    own = Server(VITRINE_WEIGHTS=str(shared_data / "weights"), VITRINE_QUEUE_SIZE="1").wait()
    yield own
    assert "Traceback" not in own.stop()


def test_a_full_queue_is_told_at_once(small_server: Server) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1200, 1200, 3), np.uint8)
    files = {"files": ("noise.jpg", cv2.imencode(".jpg", noise)[1].tobytes())}
    path = httpx.post(f"{small_server.url}/gradio_api/upload", files=files).json()[0]
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    values = [picture, [{"name": "rotation", "params": {}}], 16, 7]
    with closing(Api(small_server)) as api:

        def join(number: int) -> tuple[httpx.Response, float]:
            index = api.functions["augment"]["id"]
            body = {"data": values, "fn_index": index, "session_hash": uuid4().hex}
            headers = {"accept-language": LOCALES[number % 3]}
            headers |= {"x-gradio-user": "app" if number % 2 else "api"}
            start = time.monotonic()
            return api.post(JOIN, json=body, headers=headers), time.monotonic() - start

        with ThreadPoolExecutor(8) as visitors:
            answers = list(visitors.map(join, range(60)))
    full = {n: answer for n, (answer, _) in enumerate(answers) if answer.status_code != 200}
    # Gradio's page has an English sentence of its own for 503, so its requests get 429.
    assert {(n % 2, answer.status_code) for n, answer in full.items()} == {(0, 503), (1, 429)}
    assert {n % 3 for n in full} == {0, 1, 2}
    for number, answer in full.items():
        refused(answer, answer.status_code, LOCALES[number % 3])
        assert int(answer.headers["retry-after"]) > 0
    assert min(answers[number][1] for number in full) < 0.2


def answer_of(app: Any, path: str = "/", language: str = "zh-TW") -> tuple[int, bytes]:
    """The answer of an ASGI application behind the middleware."""
    sent: list[Message] = []

    async def ask() -> None:
        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"accept-language", language.encode())]
        scope: Scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        await ErrorSentences(app)(scope, receive, send)

    run(ask())
    assert not sent[-1].get("more_body", False)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def _say(send: Send, status: int, *chunks: bytes, kind: bytes = b"text/plain") -> None:
    start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]}
    await send(start)
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("status", [400, 401, 402, 416, 500, 502, 599])
def test_any_status_has_a_sentence(status: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await _say(send, status, b"Internal ", b"Server Error in /opt/secret")

    told, body = answer_of(app)
    assert told == status
    check_sentence(json.loads(body)["detail"], "zh-TW")


def test_own_sentences_and_good_answers_pass_unchanged() -> None:
    own = json.dumps({"error": "Own.", "detail": "Own."}).encode()

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        await _say(send, 413, own, kind=b"application/json")

    async def good(scope: Scope, receive: Receive, send: Send) -> None:
        await _say(send, 200, b"a", b"b")

    assert answer_of(refusing) == (413, own)
    assert answer_of(good) == (200, b"ab")


def test_a_fault_that_is_not_gradios_own_is_not_hidden() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        raise RuntimeError("broken") from HTTPException(404)

    with pytest.raises(RuntimeError, match="broken"):
        answer_of(app)
