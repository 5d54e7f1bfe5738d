"""Several pictures over plain HTTP: each visitor's own, and no work for one who has left."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import psutil
import pytest

from benchmarks.client import Client, make_unique
from demo.i18n import translate
from demo.service import examples
from tests.conftest import Server
from tests.web.toys.page import event

BUS = examples.paths()[0].read_bytes()
CONTROLS: tuple[Any, ...] = ("yolo-vitrine", 0.25, 0.7, [], 0, 0)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def sent(client: Client, *names: str, left: Sequence[Mapping[str, object]] = ()) -> str:
    """The message about files that are uploaded now."""
    paths = [client.upload(make_unique(BUS), "photo.jpg")["path"] for _ in names]
    files = [{"name": name, "path": path} for name, path in zip(names, paths, strict=True)]
    return json.dumps({"files": files, "left": list(left)})


def start(client: Client, message: str) -> str:
    """The sentence about what is wrong; empty where the pictures were taken."""
    [answer] = client.call(event(client.url, "detect-batch-start-answer"), message)
    return str(json.loads(answer)["error"])


def follow(client: Client, turn: int = 1, controls: tuple[Any, ...] = CONTROLS) -> list[Any]:
    """The lines of the last answer."""
    message = json.dumps({"turn": turn, "goes_on": False})
    index = event(client.url, "detect-batch-follow-answer")
    [text] = client.call(index, message, *controls)
    return [json.loads(line) for line in text.strip().split("\n")]


def save(client: Client, form: str) -> dict[str, Any]:
    message = json.dumps({"turn": 1, "format": form})
    index = event(client.url, "detect-batch-save-answer")
    [text] = client.call(index, message, *CONTROLS)
    found: dict[str, Any] = json.loads(text)
    return found


def test_pictures_are_answered_and_saved(client: Client) -> None:
    left = ({"name": "a.pdf", "why": "several_left_no_picture"},)
    assert start(client, sent(client, "x/a.jpg", "b.jpg", left=left)) == ""
    head, *facts = follow(client, turn=7)
    assert [head["turn"], head["total"]] == [7, 2]
    cells = {one["place"]: one for one in facts if "place" in one}
    assert [cells[i]["picture"]["orig_name"] for i in range(2)] == ["a.jpg", "b.jpg"]
    assert facts[-1]["state"] == "done"
    [left_out] = [one["left"] for one in facts if "left" in one]
    assert left_out == [["", "“a.pdf” is not a picture."]]
    [name] = {one["thumbnail"].rpartition(".")[2] for one in cells.values()}
    assert name == "jpg"
    saved = save(client, "coco")
    assert client.http.get(saved["url"]).content.startswith(b"PK")
    error = save(client, "tar")["error"]
    assert "coco" in error


def test_nobody_else_can_ask_about_them(client: Client, server: Server) -> None:
    assert start(client, sent(client, "a.jpg")) == ""
    with Client(server.url) as another:
        head, progress = follow(another)
        assert head["total"] == 0
        assert progress["state"] == "failed"
        assert "no longer on the server" in progress["problem"]
        assert "no longer on the server" in save(another, "coco")["error"]
    assert follow(client)[-1]["state"] == "done"


def test_a_path_that_is_no_upload_is_not_read(client: Client) -> None:
    files = [{"name": "passwd", "path": path} for path in ("/etc/passwd", "..", "\0", "a" * 4000)]
    said = start(client, json.dumps({"files": files, "left": []}))
    assert said.startswith("There is no picture and no ZIP among these 4 files")
    one = json.dumps({"files": files[:1], "left": []})
    assert start(client, one) == translate("picture_not_uploaded", "en")
    assert start(client, "[]") != ""


def test_what_a_tab_cannot_be_asked_with_is_told(client: Client) -> None:
    assert start(client, sent(client, "a.jpg")) == ""
    *_, progress = follow(client, controls=(None, *CONTROLS[1:]))
    assert progress["state"] == "failed"
    assert "None" in progress["problem"]


@pytest.mark.timeout(200)
def test_a_visitor_who_leaves_frees_the_machine() -> None:
    own = Server(VITRINE_DEVICE="cpu").wait()
    try:
        with Client(own.url) as client:
            names = [f"{i}.jpg" for i in range(150)]
            assert start(client, sent(client, *names)) == ""
            body = {
                "data": [json.dumps({"turn": 1, "goes_on": False}), *CONTROLS],
                "fn_index": event(own.url, "detect-batch-follow-answer"),
                "session_hash": client.session,
            }
            client.http.post("/gradio_api/queue/join", json=body).raise_for_status()
            where = {"session_hash": client.session}
            with client.http.stream("GET", "/gradio_api/queue/data", params=where) as stream:
                for line in stream.iter_lines():
                    if "badge" in line:
                        break
            left_at = time.monotonic()
        process = psutil.Process(own.process.pid)
        while process.cpu_percent(1.0) > 30:
            assert time.monotonic() < left_at + 15, "it works on"
        assert time.monotonic() < left_at + 15
        assert httpx.get(own.url).status_code == 200
    finally:
        own.end()
