"""Camera streams over WebSockets: separate, the newest frame first, within every limit."""

import gc
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.camera.websocket import LIVE_PATH, CameraEndpoint
from demo.settings import Settings
from demo.system import trim
from tests.support.finder import Finder, engine

OPTIONS = {"type": "options", "model": "finder", "confidence": 0.25, "iou": 0.7, "classes": []}
HEADERS = {"accept-language": "en"}


def frame(left: int = 20, size: tuple[int, int] = (160, 120)) -> bytes:
    """A JPEG with a red square of 40 pixels at `left`, 40."""
    picture = np.full((size[1], size[0], 3), 30, np.uint8)
    picture[40:80, left : left + 40] = (0, 0, 255)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


class Visitor:
    """The page's end of a WebSocket."""

    def __init__(self, session: WebSocketTestSession) -> None:
        self.session = session

    def configure(self, **values: Any) -> None:
        self.session.send_text(json.dumps({**OPTIONS, **values}))

    def show(self, number: int, data: bytes) -> None:
        self.session.send_bytes(number.to_bytes(4, "big") + data)

    def notice(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.session.receive_text())
        return values

    def answer(self) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        data = self.session.receive_bytes()
        length = int.from_bytes(data[:4], "big")
        facts = json.loads(data[4 : 4 + length])
        drawn = cv2.imdecode(np.frombuffer(data[4 + length :], np.uint8), cv2.IMREAD_COLOR_RGB)
        return facts, np.asarray(drawn, np.uint8)

    def ask(self, number: int, data: bytes) -> dict[str, Any]:
        self.show(number, data)
        return self.answer()[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        weights_dir=tmp_path, cache_dir=tmp_path / "c", device="cpu", streams=2, stream_idle_s=5
    )


async def other(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close(4004)


class CameraServer:
    """An application with the camera endpoint and a stand-in detector that finds red areas."""

    def __init__(self, folder: Path, finder: Finder, settings: Settings) -> None:
        self.engine = engine(folder, finder)
        endpoint = CameraEndpoint(self.engine, settings)
        routes = [WebSocketRoute(LIVE_PATH, endpoint.__call__), WebSocketRoute("/else", other)]
        self.client = TestClient(Starlette(routes=routes))

    @contextmanager
    def visitor(self, **headers: str) -> Iterator[Visitor]:
        with self.client.websocket_connect("/live", headers={**HEADERS, **headers}) as session:
            yield Visitor(session)

    @contextmanager
    def visitor_from(self, address: str) -> Iterator[Visitor]:
        """A visitor of another address."""
        elsewhere = TestClient(self.client.app, client=(address, 5000))
        elsewhere.portal = self.client.portal
        with elsewhere.websocket_connect("/live", headers=HEADERS) as session:
            yield Visitor(session)

    def other(self) -> int:
        with self.client.websocket_connect("/else") as session:
            return int(session.receive()["code"])


@pytest.fixture
def server(tmp_path: Path, finder: Finder, settings: Settings) -> Iterator[CameraServer]:
    made = CameraServer(tmp_path, finder, settings)
    with made.client:
        yield made
    made.engine.close()


def test_a_frame_is_answered_and_drawn(server: CameraServer) -> None:
    with server.visitor() as one:
        assert one.notice() == {"type": "start", "minutes": 10.0}
        one.configure()
        one.show(7, frame(20))
        facts, drawn = one.answer()
        [box] = facts["boxes"]
        assert (facts["frame"], box["label"], box["track"]) == (7, "red thing", 1)
        assert np.allclose(box["xyxy"], (20, 40, 60, 80), atol=2)
        assert drawn.shape == (120, 160, 3)
        # The edge of the box is drawn; the grey far from it is as it was.
        assert np.ptp(drawn[100:, 100:].astype(int)) < 12
        assert facts["tracks"] == {"red thing": 1}
        assert facts["server_ms"] > 0


def test_two_streams_share_nothing(server: CameraServer) -> None:
    with server.visitor() as one, server.visitor() as two:
        assert one.notice()["type"] == two.notice()["type"] == "start"
        one.configure()
        two.configure(confidence=0.95, track=False)
        for i in range(4):
            a = one.ask(i, frame(10 + 4 * i))
            b = two.ask(100 + i, frame(90 - 4 * i))
            assert np.allclose(a["boxes"][0]["xyxy"][0], 10 + 4 * i, atol=2)
            assert a["boxes"][0]["track"] == 1
            assert b["boxes"] == []
            assert "tracks" not in b
        two.configure()
        b = two.ask(200, frame(70))
        assert b["boxes"][0]["track"] == 1
        assert b["tracks"] == {"red thing": 1}


def test_options_may_change_while_it_runs(server: CameraServer) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure()
        first = one.ask(1, frame())
        assert one.ask(2, frame())["boxes"][0]["track"] == first["boxes"][0]["track"] == 1
        one.configure(classes=["blue thing"])
        assert one.ask(3, frame())["boxes"] == []
        one.configure(model="guesser", classes=None)
        facts = one.ask(4, frame())
        assert facts["labels"][0] == {"label": "red thing", "score": 0.75}
        assert facts["known"] is True
        one.configure(confidence=0.3)
        assert one.ask(5, frame())["boxes"][0]["label"] == "red thing"


def test_an_object_that_crosses_the_line_is_counted(server: CameraServer) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(line=[0.5, 0, 0.5, 1])
        for i in range(12):
            facts = one.ask(i, frame(10 + 8 * i))
        assert sum(facts["crossings"]["rightward"].values(), 0) == 0
        assert facts["crossings"]["leftward"] == {"red thing": 1}
        assert facts["arrows"] == ["←", "→"]


def test_blurred_areas_leave_the_server_only_blurred(server: CameraServer) -> None:
    stripes = np.full((120, 160, 3), 30, np.uint8)
    stripes[40:80, 20:60] = (0, 0, 255)
    stripes[44:76:4, 24:56] = (0, 0, 190)
    data = bytes(cv2.imencode(".jpg", stripes, [cv2.IMWRITE_JPEG_QUALITY, 98])[1])
    with server.visitor() as one:
        one.notice()
        one.configure()
        one.show(1, data)
        plain = one.answer()[1][46:74, 30:50].astype(int)
        one.configure(blur=["red thing"])
        one.show(2, data)
        hidden = one.answer()[1][46:74, 30:50].astype(int)
        rows = [np.abs(np.diff(part, axis=0)).mean() for part in (plain, hidden)]
        assert rows[1] < 0.35 * rows[0]


def test_the_newest_frame_wins(server: CameraServer, finder: Finder) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure()
        finder.gate.clear()
        one.show(1, frame(10))
        time.sleep(0.3)
        for number in range(2, 30):
            one.show(number, frame(number))
        time.sleep(0.3)
        finder.gate.set()
        first, second = one.answer()[0], one.answer()[0]
        assert (first["frame"], second["frame"]) == (1, 29)
        assert second["replaced"] == 27
        assert second["waited_ms"] > 100


def test_a_full_server_tells_the_place_in_the_queue(server: CameraServer) -> None:
    with server.visitor() as one, server.visitor() as two:
        assert one.notice()["type"] == two.notice()["type"] == "start"
        with server.visitor() as three, server.visitor(**{"accept-language": "zh-CN"}) as four:
            waiting = three.notice()
            assert (waiting["type"], waiting["place"]) == ("place", 1)
            assert "your place in the line is 1" in waiting["text"]
            assert "第 2 位" in four.notice()["text"]
            two.session.close()
            assert three.notice()["type"] == "start"
            assert four.notice()["place"] == 1
            three.configure()
            assert three.ask(1, frame())["boxes"]


def test_leaving_frees_the_slot_within_two_seconds(server: CameraServer, finder: Finder) -> None:
    with server.visitor() as one, server.visitor() as two:
        one.notice(), two.notice()
        one.configure()
        finder.gate.clear()
        one.show(1, frame())
        with server.visitor() as three:
            assert three.notice()["type"] == "place"
            start = time.monotonic()
            one.session.close()
            assert three.notice()["type"] == "start"
            assert time.monotonic() - start < 2
            finder.gate.set()


def test_sockets_of_one_address_do_not_fill_the_queue(tmp_path: Path, settings: Settings) -> None:
    few = replace(settings, streams=1, streams_per_address=2, stream_queue=2)
    small = CameraServer(tmp_path, Finder(), few)
    with small.client, small.visitor() as one, small.visitor() as two:
        one.configure()
        assert (one.notice()["type"], two.notice()["type"]) == ("start", "place")
        for _ in range(30):
            with small.visitor() as third:
                end = third.notice()
                assert end["type"] == "end"
                assert "2 cameras run or wait" in end["text"]
        with small.visitor_from("10.0.0.9") as guest:
            assert guest.notice()["place"] == 2
            with small.visitor_from("10.0.0.10") as late:
                assert "2 visitors wait" in late.notice()["text"]
    small.engine.close()


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
    ],
)
def test_which_addresses_are_of_one_network(
    tmp_path: Path, settings: Settings, first: str, second: str, alike: bool
) -> None:
    small = CameraServer(tmp_path, Finder(), replace(settings, streams_per_address=1))
    with small.client, small.visitor_from(first) as one, small.visitor_from(second) as two:
        assert one.notice()["type"] == "start"
        assert (two.notice()["type"] == "end") == alike
    small.engine.close()


def test_a_page_that_says_nothing_gives_its_place_to_the_next_one(
    tmp_path: Path, settings: Settings
) -> None:
    """Three seconds after it got the place, and not after the time of a camera that pauses."""
    small = CameraServer(tmp_path, Finder(), replace(settings, streams=1, stream_idle_s=600))
    with small.client, small.visitor() as silent, small.visitor() as next_one:
        assert silent.notice()["type"] == "start"
        start = time.monotonic()
        assert next_one.notice()["place"] == 1
        assert next_one.notice()["type"] == "start"
        assert 2.5 < time.monotonic() - start < 4.5
        assert "3 seconds" in silent.notice()["text"]
        next_one.configure()
        time.sleep(3.5)
        assert next_one.ask(1, frame())["boxes"]
    small.engine.close()


def test_the_time_limit(tmp_path: Path, settings: Settings) -> None:
    short = CameraServer(tmp_path, Finder(), replace(settings, stream_minutes=0.01))
    with short.client, short.visitor() as one:
        one.notice()
        end = one.notice()
        assert end["type"] == "end"
        assert "0.01 minutes" in end["text"]
        with pytest.raises(WebSocketDisconnect):
            one.notice()
    short.engine.close()


def test_a_stream_without_frames_ends(tmp_path: Path, settings: Settings) -> None:
    short = CameraServer(tmp_path, Finder(), replace(settings, stream_idle_s=0.3))
    with short.client, short.visitor() as one:
        one.notice()
        one.configure()
        assert one.ask(1, frame())["boxes"]
        end = one.notice()
        assert (end["type"], "0.3 seconds" in end["text"]) == ("end", True)
    short.engine.close()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"model": "painter"}, "painter"),
        ({"model": "nobody"}, "nobody"),
        ({"model": 5}, "5"),
        ({"confidence": 7}, "7"),
        ({"confidence": "high"}, "high"),
        ({"iou": -1}, "-1"),
        ({"classes": ["unicorn"]}, "unicorn"),
        ({"classes": "red thing"}, "red thing"),
        ({"size": 33}, "33"),
        ({"blur": ["unicorn"]}, "unicorn"),
        ({"line": [0, 0, 0, 0]}, "four numbers"),
        ({"line": [0, 0, 2, 0]}, "2"),
        ({"line": "abc"}, "abc"),
        ({"line": [0, 0, 1, 1], "track": False}, "tracking"),
        ({"model": "guesser", "blur": ["red thing"]}, "detector"),
    ],
)
def test_invalid_options_are_one_sentence(
    server: CameraServer, values: dict[str, Any], word: str
) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure(**values)
        one.show(3, frame())
        notice = one.notice()
        assert (notice["type"], notice["frame"]) == ("error", 3)
        assert word in notice["text"]
        one.configure()
        assert one.ask(4, frame())["boxes"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"GIF89a", "GIF"),
        (b"#EXTM3U\nfile:///etc/passwd", "picture"),
        (frame()[:400], "JPEG"),
        (frame(size=(2000, 100)), "1920"),
    ],
)
def test_an_invalid_frame_is_one_sentence(server: CameraServer, data: bytes, word: str) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure()
        one.show(1, data)
        notice = one.notice()
        assert (notice["type"], notice["frame"]) == ("error", 1)
        assert word in notice["text"]
        assert one.ask(2, frame())["boxes"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"type": "else"}', "[" * 30_000])
def test_an_unknown_message_ends_the_stream(server: CameraServer, text: str) -> None:
    with server.visitor() as one:
        one.notice()
        one.session.send_text(text)
        assert "options" in one.notice()["text"]
    with server.visitor() as two:
        assert two.notice()["type"] == "start"


@pytest.mark.parametrize("size", [0, 4, 2_000_001])
def test_a_frame_of_a_wrong_size_ends_the_stream(server: CameraServer, size: int) -> None:
    with server.visitor() as one:
        one.notice()
        one.session.send_bytes(bytes(size))
        end = one.notice()
        assert (end["type"], "2 MB" in end["text"]) == ("end", True)


def test_a_frame_before_any_options_is_an_error(server: CameraServer) -> None:
    with server.visitor() as one:
        one.notice()
        one.show(1, frame())
        assert one.notice()["type"] == "error"


def test_other_routes_are_unaffected(server: CameraServer) -> None:
    assert server.other() == 4004


def test_a_hundred_visits_leave_no_thread(server: CameraServer) -> None:
    with server.visitor() as one:
        one.notice()
        one.configure()
        one.ask(1, frame())
    before = threading.active_count()
    for i in range(100):
        with server.visitor() as one:
            one.notice()
            if i % 10 == 0:
                one.configure()
                one.ask(1, frame())
    assert threading.active_count() <= before + 2


def test_a_long_stream_keeps_nothing(server: CameraServer) -> None:
    """An object moves and reappears elsewhere, so that ids, trails and counts come and go."""

    def visit(frames: range) -> float:
        for i in frames:
            left = (i * 5 + i // 30 * 97) % 260
            one.show(i, frame(left, (320, 240)))
            one.session.receive_bytes()
        gc.collect()
        trim()
        return float(psutil.Process().memory_full_info().uss) / 1e6

    with server.visitor() as one:
        one.notice()
        one.configure(heat=True, line=[0.5, 0.1, 0.5, 0.9])
        used = [visit(range(start, start + 250)) for start in range(0, 1000, 250)]
        # One picture kept of each frame would be 57 MB each time, its JPEG alone 1.7 MB; something
        # else in this process may grow once.
        assert min(np.diff(used)) < 1.2
