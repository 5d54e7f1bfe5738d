"""Videos over plain HTTP: the endpoint, its faults, and who leaves in the middle."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.client import Client
from tests.conftest import Server
from tests.support.clips import encode, shown, square

QUICK: tuple[Any, ...] = ("yolo11n", 0.25, 0.7, [], 6, True, [], False, "")


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return encode(tmp_path / "clip.mp4", [square(i) for i in range(12)]).read_bytes()


def folder(server: Server) -> Path:
    [own] = Path("/tmp").glob(f"vitrine-{server.process.pid}-*")
    return own


def standing(server: Server) -> list[str]:
    """The names of all files; os.walk passes over a folder that goes meanwhile."""
    return [name for _, _, names in os.walk(folder(server)) for name in names]


def test_a_film_and_what_was_counted(client: Client, clip: bytes, tmp_path: Path) -> None:
    film, facts = client.call("video", client.upload(clip, "a clip.mp4"), *QUICK)
    assert facts["model"] == "yolo11n"
    assert facts["frames_seen"] == 12
    assert facts["every"] == 6
    assert facts["size_wh"] == [64, 48]
    assert not facts["stopped_early"]
    assert "tracks" in facts
    assert film["orig_name"] == "a-clip-yolo11n.mp4"
    (tmp_path / "out.mp4").write_bytes(client.fetch(film))
    assert len(shown(tmp_path / "out.mp4")) == 12


def test_a_line_is_counted_and_things_are_hidden(client: Client, clip: bytes) -> None:
    upload = client.upload(clip, "clip.mp4")
    asked: tuple[Any, ...] = (*QUICK[:4], 1, True, ["person"], True, "32,0,32,48")
    _, facts = client.call("video", upload, *asked)
    assert facts["frames_seen"] == 12
    assert set(facts["crossings"]) == {"rightward", "leftward"}


def test_a_classifier_answers_too(client: Client, clip: bytes) -> None:
    values = client.upload(clip, "clip.mp4"), "mobilenet_v2", *QUICK[1:]
    film, facts = client.call("video", *values)
    assert facts["model"] == "mobilenet_v2"
    assert "tracks" not in facts
    assert client.fetch(film)[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n/etc/passwd\n", "HLS playlist"),
        (b"ID3\x04\x00 not pictures", "looks like MP3"),
        (b"Dear all,", "not a video"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "looks like PNG"),
        ("half", "ends too early"),
    ],
)
def test_a_file_that_is_no_film_is_one_sentence(
    server: Server, client: Client, clip: bytes, data: bytes | str, word: str
) -> None:
    film = client.upload(clip[: len(clip) // 2] if isinstance(data, str) else data, "x.mp4")
    before = set(folder(server).iterdir())
    with pytest.raises(RuntimeError, match=word) as caught:
        client.call("video", film, *QUICK)
    assert str(caught.value).endswith(".")
    end = time.monotonic() + 5
    while set(folder(server).iterdir()) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert set(folder(server).iterdir()) <= before


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (("nobody", 0.25, 0.7, [], 1, True, [], False, ""), "nobody"),
        (("dcgan-cifar10", 0.25, 0.7, [], 1, True, [], False, ""), "detector or a classifier"),
        (("yolo11n", 0.25, 0.7, ["unicorn"], 1, True, [], False, ""), "unicorn"),
        (("yolo11n", 0.25, 0.7, [], 0, True, [], False, ""), "every"),
        (("yolo11n", 2, 0.7, [], 1, True, [], False, ""), "confidence"),
        (("yolo11n", 0.25, 0.7, [], 1, "often", [], False, ""), "track"),
        (("yolo11n", 0.25, 0.7, [], 2, True, ["person"], False, ""), "every frame"),
        (("yolo11n", 0.25, 0.7, [], 1, True, ["unicorn"], False, ""), "cannot blur"),
        (("mobilenet_v2", 0.25, 0.7, [], 1, True, ["person"], False, ""), "cannot blur"),
        (("yolo11n", 0.25, 0.7, [], 1, True, [], "hot", ""), "heat"),
        (("yolo11n", 0.25, 0.7, [], 1, True, [], False, "left to right"), "line"),
        (("mobilenet_v2", 0.25, 0.7, [], 1, True, [], False, "0,0,9,9"), "tracking switched on"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    client: Client, clip: bytes, values: tuple[Any, ...], word: str
) -> None:
    with pytest.raises(RuntimeError, match=word):
        client.call("video", client.upload(clip, "clip.mp4"), *values)


@pytest.mark.parametrize(
    ("film", "word"),
    [
        (None, "no video yet"),
        ({"path": "/etc/passwd"}, "must be uploaded"),
        ("https://example.org/a.mp4", "must be uploaded"),
        ({"path": "", "meta": {"_type": "gradio.FileData"}}, "must be uploaded"),
        (5, "must be uploaded"),
    ],
)
def test_nothing_but_an_upload_is_read(client: Client, film: Any, word: str) -> None:
    with pytest.raises(RuntimeError, match=word):
        client.call("video", film, *QUICK)


def test_the_language_of_a_fault_is_the_visitors(server: Server, clip: bytes) -> None:
    with Client(server.url, language="zh-CN") as visitor, pytest.raises(RuntimeError, match="视频"):
        visitor.call("video", None, *QUICK)


@contextmanager
def watching(client: Client, film: Any, session: str) -> Iterator[Iterator[Any]]:
    """What the page of one visitor hears of a film, until the visitor goes."""
    [index] = [d["id"] for d in client.config["dependencies"] if d["api_name"] == "video"]
    body = {
        "data": [film, *QUICK[:4], 1, *QUICK[5:]],
        "fn_index": index,
        "session_hash": session,
    }

    def heard(stream: httpx.Response) -> Iterator[Any]:
        for line in stream.iter_lines():
            told = json.loads(line[5:]) if line.startswith("data:") else {}
            if told.get("msg") == "process_generating":
                yield told["output"]["data"][1]

    with httpx.Client(base_url=client.url, timeout=60) as http:
        http.post("/gradio_api/queue/join", json=body).raise_for_status()
        where = {"session_hash": session}
        with http.stream("GET", "/gradio_api/queue/data", params=where) as stream:
            yield heard(stream)


@pytest.fixture
def long(client: Client, tmp_path: Path) -> Any:
    """An upload of many frames."""
    film = encode(tmp_path / "long.mp4", [square(i) for i in range(900)]).read_bytes()
    return client.upload(film, "long.mp4")


def test_who_leaves_leaves_no_film_running(server: Server, client: Client, long: Any) -> None:
    """The place of the only film that may run at once is free again, and its files are gone."""
    with watching(client, long, "leaver") as heard:
        next(heard)
        assert [name for name in standing(server) if name.endswith(".part")]
    end = time.monotonic() + 20
    while any("long-yolo11n" in name for name in standing(server)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [name for name in standing(server) if "long-yolo11n" in name]


def test_who_gives_up_in_the_line_lets_the_next_one_move_up(client: Client, long: Any) -> None:
    with ExitStack() as stay:
        first = stay.enter_context(watching(client, long, "first"))
        assert "done" in next(first)
        second = stay.enter_context(ExitStack())
        waiting = second.enter_context(watching(client, long, "second"))
        assert next(waiting) == {"place_in_line": 1}
        third = stay.enter_context(watching(client, long, "third"))
        assert next(third) == {"place_in_line": 2}
        second.close()
        # Later answers say only what has changed.
        moved = [["replace", [], {"place_in_line": 1}]]
        assert next(told for told in third if told) == moved
