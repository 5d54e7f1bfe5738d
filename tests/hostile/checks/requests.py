"""Requests that are wrong: values, arguments, names, sessions, bodies, closed routes."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.hostile import films, pictures, wire
from tests.hostile.target import Target
from tests.hostile.visitor import Outcome, Visitor, sentence_faults

_AT_ONCE = 10
_JOIN = "/gradio_api/queue/join"
_JSON = {"content-type": "application/json"}


def garbage(target: Target) -> list[str]:
    """100 files that are nothing: one sentence each, and no program is started for them."""
    found = []
    with Visitor(target) as visitor, target.watched() as seen:
        files = list(pictures.garbage(100))
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            values = [visitor.upload(data, name) for name, data in some]
            outcomes = visitor.call_all([("classify", (v, "cnn-cifar10", 1)) for v in values])
            for (name, _), outcome in zip(some, outcomes, strict=True):
                found += [f"{name}: {fault}" for fault in outcome.faults()]
                if outcome.data is not None:
                    found.append(f"{name} was answered")
        film = visitor.upload(files[1][1], "garbage.mp4")
        found += visitor.call("video", *video_values(visitor, film)).faults()
    return found + [f"started {what}" for what in seen.processes]


def wrong_values(target: Target) -> Iterator[str]:
    """Values of every type in the place of every argument of the public endpoints."""
    with Visitor(target) as visitor:
        photo, film = visitor.upload(films.photo()), visitor.upload(films.film(), "film.mp4")
        good: dict[str, list[Any]] = {
            "classify": [photo, "cnn-cifar10", 3],
            "detect": [photo, "yolo-vitrine", 0.25, 0.7, []],
            "augment": [photo, [{"name": "rotation"}], 1, 1],
            "video": video_values(visitor, film),
        }
        for name, values in good.items():
            calls = [
                (name, [*values[:place], odd, *values[place + 1 :]])
                for place in range(len(values))
                for odd in _odd()
            ]
            for start in range(0, len(calls), _AT_ONCE):
                some = calls[start : start + _AT_ONCE]
                for call, outcome in zip(some, visitor.call_all(some), strict=True):
                    yield from (f"{_brief(call)}: {fault}" for fault in _wrong(outcome))


def wrong_calls(target: Target) -> list[str]:
    """Missing and extra arguments, numbers and names that do not exist, no JSON at all."""
    found = []
    with Visitor(target) as visitor:
        number = visitor.function("classify")
        image = visitor.upload(films.photo())
        calls: list[tuple[str | int, list[object]]] = [
            (name, list(values))
            for name in ("classify", "detect", "video", "compare", "augment", "models")
            for values in ([], [None], [image] * 40)
            if not (name == "models" and not values)
        ]
        calls += [(number, [image, "cnn-cifar10", v]) for v in (10**400, -(10**400), 1e308)]
        # Twice: what is imported for the first of them is not the next one's time.
        for call in calls[:1] + calls:
            outcome = visitor.call(*call)
            found += [f"{_brief(call)}: {fault}" for fault in _wrong(outcome)]
        for name, (path, body) in _bad_bodies(number).items():
            found += refused(name, *visitor.request("POST", path, body))
        for method, path in _ABSENT:
            found += refused(f"{method} {path}", *visitor.request(method, path))
    return found


def odd_uploads(target: Target) -> list[str]:
    """Names of files that lead elsewhere or are no names, and bodies that are not well formed."""
    found = []
    disposition = 'content-disposition: form-data; name="files"; filename="{}"\r\n\r\n'
    for name in _FILE_NAMES:
        part = disposition.format(name).encode() + films.photo()
        status, stored = _upload(target, "x", [b"--x\r\n" + part + b"\r\n--x--\r\n"])
        if status == 200 and not Path(json.loads(stored)[0]).is_relative_to(target.temporary):
            found.append(f"{name!r} is stored at {stored}")
        if status != 200 and not 400 <= status < 500:
            found.append(f"{name[:40]!r}: {status}")
    bodies = {
        "dashes": ("x", [b"--x", *[b"-" * 1_000_000] * 20]),
        "nothing before the first part": ("x", [b"\r\n" * 500_000] * 20),
        "a long boundary": ("y" * 7000, [b"--" + b"y" * 7000 + b"\r\n"]),
        "a part without an end": ("x", [b"--x\r\n" + disposition.format("a.jpg").encode()]),
        "a header without an end": ("x", [b"--x\r\ncontent-disposition"]),
    }
    for name, (boundary, parts) in bodies.items():
        status, said = _upload(target, boundary, parts)
        if status != 200:
            found += refused(name, status, said)
    return found


def languages(target: Target) -> list[str]:
    """A refusal is written in the visitor's language, whatever refuses."""
    found = []
    for language in ("zh-TW", "zh-CN"):
        with Visitor(target, language=language) as visitor:
            number = visitor.function("classify")
            said = {
                "no arguments": visitor.call("classify").error,
                "too many": visitor.call("classify", *[None] * 40).error,
                "no picture": visitor.call("classify", None, "cnn-cifar10", 1).error,
            }
            for name, (path, body) in _bad_bodies(number).items():
                _, said[name] = visitor.request("POST", path, body)
            found += [
                f"{language}, {name}: {text!r}"
                for name, text in said.items()
                if not any("\u4e00" <= letter <= "\u9fff" for letter in text)
            ]
    return found


def closed_routes(target: Target) -> list[str]:
    """Routes of gradio that the page never uses."""
    found = []
    for method, path in _CLOSED:
        if method == "GET":
            status = wire.get(target.port, path).status
        else:
            body = b'{"data": []}'
            head = {**_JSON, "content-length": str(len(body))}
            status = wire.post(target.port, path, [body], head).status
        if status not in (401, 403, 404, 405):
            found.append(f"{method} {path}: {status}")
    return found


_FILE_NAMES = [
    "a" * 300 + ".jpg",
    "街" * 200 + ".jpg",
    "😀" * 90 + ".jpg",
    "..",
    ".",
    "",
    "../../../../a.jpg",
    "..\\..\\a.jpg",
    "/etc/a.jpg",
    "C:\\a.jpg",
    "a\0b.jpg",
    "a\nb.jpg",
    "CON.jpg",
    "-rf.jpg",
    "~root",
    "%2e%2e%2fa.jpg",
]
_ABSENT = [
    ("GET", "/no-such-page.txt"),
    ("GET", "/gradio_api/file=/tmp/no-such-file"),
    ("POST", "/gradio_api/call/no-such-function"),
    ("GET", "/gradio_api/queue/data"),
    ("DELETE", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/upload"),
    ("POST", "/gradio_api/upload"),
    ("PUT", "/"),
    ("POST", "/source.zip"),
    ("GET", "/gradio_api/upload_progress"),
]
_CLOSED = [
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/gradio_api/monitoring"),
    ("GET", "/gradio_api/monitoring/summary"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
    ("GET", "/openapi.json"),
    ("GET", "/gradio_api/docs"),
    ("GET", "/gradio_api/dev/reload"),
    ("GET", "/gradio_api/run-history"),
    ("GET", "/gradio_api/vibe-starter-queries/"),
    ("GET", "/gradio_api/vibe-code/"),
    ("POST", "/gradio_api/vibe-edit/"),
    ("POST", "/gradio_api/undo-vibe-edit/"),
    ("GET", "/gradio_api/deep_link"),
    ("GET", "/gradio_api/custom_component/x/client/component/index.js"),
    ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/run/models"),
    ("POST", "/gradio_api/run/classify"),
    ("POST", "/gradio_api/api/models"),
    ("POST", "/run/models"),
    ("POST", "/api/models/"),
    ("POST", "/api/predict"),
    ("GET", "/gradio_api/mcp/"),
    ("GET", "/gradio_api/mcp/sse"),
]


def _odd() -> list[Any]:
    return [
        None,
        True,
        math.nan,
        -math.inf,
        -1,
        1.5,
        10**400,
        "",
        "\ud800",
        "x" * 20_000,
        "../../etc/passwd",
        [],
        [[[[]]]],
        [None],
        {},
        {"__type__": "update", "value": 1},
        {"path": None},
    ]


def _upload(target: Target, boundary: str, parts: list[bytes]) -> tuple[int, str]:
    """Status of an upload, and its sentence or the paths of what it stored."""
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = wire.post(target.port, "/gradio_api/upload", parts, kind)
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = answer.body.decode(errors="replace")
    refusal = said.get("detail", "") if isinstance(said, dict) else json.dumps(said)
    return answer.status, refusal


def _bad_bodies(number: int) -> dict[str, tuple[str, bytes]]:
    def body(**more: object) -> bytes:
        return json.dumps({"data": [], "fn_index": number, "session_hash": "x", **more}).encode()

    return {
        "fn_index 9999": (_JOIN, body(fn_index=9999)),
        "fn_index -1": (_JOIN, body(fn_index=-1)),
        "fn_index 10^400": (_JOIN, body(fn_index=10**400)),
        "fn_index text": (_JOIN, body(fn_index="x")),
        "no data": (_JOIN, b"{}"),
        "data is a number": (_JOIN, body(data=5)),
        "data is a table": (_JOIN, body(data={"a": 1})),
        "the session is a list": (_JOIN, body(session_hash=[1])),
        "no session": (_JOIN, json.dumps({"data": [], "fn_index": number}).encode()),
        "no JSON": (_JOIN, b"{"),
        "half a letter": (_JOIN, b'{"data": ["\xff"]}'),
        "deep": (_JOIN, b"[" * 50_000),
        "a list": (_JOIN, b"[]"),
        "nothing": (_JOIN, b""),
        "cancel of nothing": ("/gradio_api/cancel", b"{}"),
        "reset of nothing": ("/gradio_api/reset", b"[]"),
        "an unknown name": ("/gradio_api/call/unknown", b'{"data": []}'),
        "an example without data": ("/gradio_api/run/load_example", b'{"data": []}'),
        "a call without data": ("/gradio_api/call/models", b"[]"),
    }


def video_values(visitor: Visitor, film: object) -> list[Any]:
    """Arguments of `/video`."""
    number = visitor.function("video")
    values = next(v for n, _, v in visitor.file_events() if n == number)
    return [film, "yolo-vitrine", *values[2:]]


def _wrong(outcome: Outcome) -> list[str]:
    found = [] if outcome.data is not None else sentence_faults(outcome.error)
    return found + ([f"{outcome.seconds:.0f} s"] if outcome.seconds > 10 else [])


def refused(name: str, status: int, text: str) -> Iterator[str]:
    """What is wrong with an HTTP answer that has to refuse."""
    if not 400 <= status < 500 and status != 503:
        yield f"{name}: {status}"
    yield from (f"{name}: {status}, {fault}" for fault in sentence_faults(text))


def _brief(call: tuple[str | int, list[Any]]) -> str:
    return f"{call[0]}{str(call[1:])[:120] if len(call[1]) < 20 else '(very many)'}"
