"""The endpoint /video over plain HTTP: answers, errors, and visitors who disconnect."""

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


def file_names(server: Server) -> list[str]:
    """The names of all files; os.walk skips a folder that is deleted meanwhile."""
    return [name for _, _, names in os.walk(folder(server)) for name in names]


def test_the_answer_is_a_video_and_its_counts(client: Client, clip: bytes, tmp_path: Path) -> None:
    video, facts = client.call("video", client.upload(clip, "a clip.mp4"), *QUICK)
    assert facts["model"] == "yolo11n"
    assert facts["frames_seen"] == 12
    assert facts["every"] == 6
    assert facts["size_wh"] == [64, 48]
    assert not facts["stopped_early"]
    assert facts["notes"] == []
    assert "tracks" in facts
    assert video["orig_name"] == "a clip-yolo11n.mp4"
    (tmp_path / "out.mp4").write_bytes(client.fetch(video))
    assert len(shown(tmp_path / "out.mp4")) == 12


def test_a_line_is_counted_and_labels_are_blurred(client: Client, clip: bytes) -> None:
    upload = client.upload(clip, "clip.mp4")
    asked: tuple[Any, ...] = (*QUICK[:4], 1, True, ["person"], True, "32,0,32,48")
    _, facts = client.call("video", upload, *asked)
    assert facts["frames_seen"] == 12
    assert set(facts["crossings"]) == {"rightward", "leftward"}


def test_the_answer_says_what_was_not_carried(client: Client, tmp_path: Path) -> None:
    pictures = [square(i) for i in range(12)]
    film = encode(tmp_path / "in", pictures, form="webm", codec="libvpx").read_bytes()
    _, facts = client.call("video", client.upload(film, "in.webm"), *QUICK)
    [note] = facts["notes"]
    assert note["key"] == "video_note_converted"
    assert "VP8" in note["text"]


def test_a_classifier_answers_too(client: Client, clip: bytes) -> None:
    values = client.upload(clip, "clip.mp4"), "mobilenet_v2", *QUICK[1:]
    video, facts = client.call("video", *values)
    assert facts["model"] == "mobilenet_v2"
    assert "tracks" not in facts
    assert client.fetch(video)[4:8] == b"ftyp"


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
def test_a_file_that_is_not_a_video_is_one_sentence(
    server: Server, client: Client, clip: bytes, data: bytes | str, word: str
) -> None:
    video = client.upload(clip[: len(clip) // 2] if isinstance(data, str) else data, "x.mp4")
    before = set(folder(server).iterdir())
    with pytest.raises(RuntimeError, match=word) as caught:
        client.call("video", video, *QUICK)
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
    ("video", "word"),
    [
        (None, "no video yet"),
        ({"path": "/etc/passwd"}, "must be uploaded"),
        ("https://example.org/a.mp4", "must be uploaded"),
        ({"path": "", "meta": {"_type": "gradio.FileData"}}, "must be uploaded"),
        (5, "must be uploaded"),
    ],
)
def test_nothing_but_an_upload_is_read(client: Client, video: Any, word: str) -> None:
    with pytest.raises(RuntimeError, match=word):
        client.call("video", video, *QUICK)


def test_an_error_is_in_the_visitors_language(server: Server, clip: bytes) -> None:
    with Client(server.url, language="zh-CN") as visitor, pytest.raises(RuntimeError, match="视频"):
        visitor.call("video", None, *QUICK)


@contextmanager
def watching(client: Client, video: Any, session: str) -> Iterator[Iterator[Any]]:
    """The messages about one visitor's run, until the visitor disconnects."""
    [index] = [d["id"] for d in client.config["dependencies"] if d["api_name"] == "video"]
    body = {
        "data": [video, *QUICK[:4], 1, *QUICK[5:]],
        "fn_index": index,
        "session_hash": session,
    }

    def messages(stream: httpx.Response) -> Iterator[Any]:
        for line in stream.iter_lines():
            message = json.loads(line[5:]) if line.startswith("data:") else {}
            if message.get("msg") == "process_generating":
                yield message["output"]["data"][1]

    with httpx.Client(base_url=client.url, timeout=60) as http:
        http.post("/gradio_api/queue/join", json=body).raise_for_status()
        where = {"session_hash": session}
        with http.stream("GET", "/gradio_api/queue/data", params=where) as stream:
            yield messages(stream)


@pytest.fixture
def long(client: Client, tmp_path: Path) -> Any:
    """An upload of many frames."""
    video = encode(tmp_path / "long.mp4", [square(i) for i in range(900)]).read_bytes()
    return client.upload(video, "long.mp4")


def test_disconnecting_stops_the_run(server: Server, client: Client, long: Any) -> None:
    """The only running place is free again, and the files are deleted."""
    with watching(client, long, "leaver") as messages:
        next(messages)
        assert [name for name in file_names(server) if name.endswith(".part")]
    end = time.monotonic() + 20
    while any("long-yolo11n" in name for name in file_names(server)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [name for name in file_names(server) if "long-yolo11n" in name]


def test_leaving_the_queue_moves_the_next_one_up(client: Client, long: Any) -> None:
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
        assert next(message for message in third if message) == moved


def test_jobs_that_nobody_follows_go_and_the_next_one_starts(
    client: Client, long: Any, clip: bytes
) -> None:
    """A program that joins and never opens its event stream delays the others for 5 s."""
    [index] = [d["id"] for d in client.config["dependencies"] if d["api_name"] == "video"]
    with httpx.Client(base_url=client.url, timeout=60) as http:
        for i in range(14):
            values = [long, *QUICK[:4], 1, *QUICK[5:]]
            body = {"data": values, "fn_index": index, "session_hash": f"silent-{i}"}
            http.post("/gradio_api/queue/join", json=body).raise_for_status()
        start = time.monotonic()
        refusals = []
        facts = None
        while facts is None and time.monotonic() - start < 20:
            try:
                _, facts = client.call("video", client.upload(clip, "clip.mp4"), *QUICK)
            except RuntimeError as refused:
                refusals.append(str(refused))
                time.sleep(0.2)
        assert facts is not None
        assert all("4 videos from your network address wait" in one for one in refusals)
        assert facts["frames_seen"] == 12
        assert time.monotonic() - start < 30
        # Who looks later hears why.
        where = {"session_hash": "silent-0"}
        assert "Nobody has read" in http.get("/gradio_api/queue/data", params=where).text
