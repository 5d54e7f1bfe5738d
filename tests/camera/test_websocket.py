"""Cameras over WebSockets: each its own, the newest frame first, every limit kept."""

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

from demo.camera.websocket import CameraEndpoint
from demo.settings import Settings
from demo.system import trim
from tests.support.finder import Finder, engine

WISH = {"type": "wish", "model": "finder", "confidence": 0.25, "iou": 0.7, "classes": []}
HEADERS = {"accept-language": "en"}


def frame(left: int = 20, size: tuple[int, int] = (160, 120)) -> bytes:
    """A JPEG with a red square of 40 pixels at `left`, 40."""
    picture = np.full((size[1], size[0], 3), 30, np.uint8)
    picture[40:80, left : left + 40] = (0, 0, 255)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


class Visitor:
    """One page's end of the socket."""

    def __init__(self, session: WebSocketTestSession) -> None:
        self.session = session

    def wish(self, **values: Any) -> None:
        self.session.send_text(json.dumps({**WISH, **values}))

    def show(self, number: int, data: bytes) -> None:
        self.session.send_bytes(number.to_bytes(4, "big") + data)

    def told(self) -> dict[str, Any]:
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


class House:
    """A server with a stand-in detector that finds what is red."""

    def __init__(self, folder: Path, finder: Finder, settings: Settings) -> None:
        self.engine = engine(folder, finder)
        camera = CameraEndpoint(self.engine, settings)
        routes = [WebSocketRoute("/live", camera.__call__), WebSocketRoute("/else", other)]
        self._client = TestClient(Starlette(routes=routes))

    @contextmanager
    def visitor(self, **headers: str) -> Iterator[Visitor]:
        with self._client.websocket_connect("/live", headers={**HEADERS, **headers}) as session:
            yield Visitor(session)

    def other(self) -> int:
        with self._client.websocket_connect("/else") as session:
            return int(session.receive()["code"])


@pytest.fixture
def house(tmp_path: Path, finder: Finder, settings: Settings) -> Iterator[House]:
    made = House(tmp_path, finder, settings)
    with made._client:
        yield made
    made.engine.close()


def test_a_frame_is_answered_and_drawn(house: House) -> None:
    with house.visitor() as one:
        assert one.told() == {"type": "start", "minutes": 10.0}
        one.wish()
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


def test_two_cameras_share_nothing(house: House) -> None:
    with house.visitor() as one, house.visitor() as two:
        assert one.told()["type"] == two.told()["type"] == "start"
        one.wish()
        two.wish(confidence=0.95, track=False)
        for i in range(4):
            a = one.ask(i, frame(10 + 4 * i))
            b = two.ask(100 + i, frame(90 - 4 * i))
            assert np.allclose(a["boxes"][0]["xyxy"][0], 10 + 4 * i, atol=2)
            assert a["boxes"][0]["track"] == 1
            assert b["boxes"] == []
            assert "tracks" not in b
        two.wish()
        b = two.ask(200, frame(70))
        assert b["boxes"][0]["track"] == 1
        assert b["tracks"] == {"red thing": 1}


def test_the_wish_may_change_while_it_runs(house: House) -> None:
    with house.visitor() as one:
        one.told()
        one.wish()
        first = one.ask(1, frame())
        assert one.ask(2, frame())["boxes"][0]["track"] == first["boxes"][0]["track"] == 1
        one.wish(classes=["blue thing"])
        assert one.ask(3, frame())["boxes"] == []
        one.wish(model="guesser", classes=None)
        facts = one.ask(4, frame())
        assert facts["labels"][0] == {"label": "red thing", "score": 0.75}
        assert facts["known"] is True
        one.wish(confidence=0.3)
        assert one.ask(5, frame())["boxes"][0]["label"] == "red thing"


def test_a_thing_that_crosses_the_line_is_counted(house: House) -> None:
    with house.visitor() as one:
        one.told()
        one.wish(line=[0.5, 0, 0.5, 1])
        for i in range(12):
            facts = one.ask(i, frame(10 + 8 * i))
        assert sum(facts["crossings"]["rightward"].values(), 0) == 0
        assert facts["crossings"]["leftward"] == {"red thing": 1}
        assert facts["arrows"] == ["←", "→"]


def test_what_is_hidden_never_comes_back(house: House) -> None:
    stripes = np.full((120, 160, 3), 30, np.uint8)
    stripes[40:80, 20:60] = (0, 0, 255)
    stripes[44:76:4, 24:56] = (0, 0, 190)
    data = bytes(cv2.imencode(".jpg", stripes, [cv2.IMWRITE_JPEG_QUALITY, 98])[1])
    with house.visitor() as one:
        one.told()
        one.wish()
        one.show(1, data)
        plain = one.answer()[1][46:74, 30:50].astype(int)
        one.wish(hide=["red thing"])
        one.show(2, data)
        hidden = one.answer()[1][46:74, 30:50].astype(int)
        rows = [np.abs(np.diff(part, axis=0)).mean() for part in (plain, hidden)]
        assert rows[1] < 0.35 * rows[0]


def test_the_newest_frame_wins(house: House, finder: Finder) -> None:
    with house.visitor() as one:
        one.told()
        one.wish()
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


def test_when_full_one_is_told_the_place_in_the_line(house: House) -> None:
    with house.visitor() as one, house.visitor() as two:
        assert one.told()["type"] == two.told()["type"] == "start"
        with house.visitor() as three, house.visitor(**{"accept-language": "zh-CN"}) as four:
            waiting = three.told()
            assert (waiting["type"], waiting["place"]) == ("place", 1)
            assert "your place in the line is 1" in waiting["text"]
            assert "第 2 位" in four.told()["text"]
            two.session.close()
            assert three.told()["type"] == "start"
            assert four.told()["place"] == 1
            three.wish()
            assert three.ask(1, frame())["boxes"]


def test_who_leaves_frees_the_place_within_two_seconds(house: House, finder: Finder) -> None:
    with house.visitor() as one, house.visitor() as two:
        one.told(), two.told()
        one.wish()
        finder.gate.clear()
        one.show(1, frame())
        with house.visitor() as three:
            assert three.told()["type"] == "place"
            start = time.monotonic()
            one.session.close()
            assert three.told()["type"] == "start"
            assert time.monotonic() - start < 2
            finder.gate.set()


def test_the_time_limit(tmp_path: Path, settings: Settings) -> None:
    short = House(tmp_path, Finder(), replace(settings, stream_minutes=0.01))
    with short._client, short.visitor() as one:
        one.told()
        end = one.told()
        assert end["type"] == "end"
        assert "0.01 minutes" in end["text"]
        with pytest.raises(WebSocketDisconnect):
            one.told()
    short.engine.close()


def test_a_camera_that_sends_nothing_ends(tmp_path: Path, settings: Settings) -> None:
    short = House(tmp_path, Finder(), replace(settings, stream_idle_s=0.3))
    with short._client, short.visitor() as one:
        one.told()
        one.wish()
        assert one.ask(1, frame())["boxes"]
        end = one.told()
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
        ({"hide": ["unicorn"]}, "unicorn"),
        ({"line": [0, 0, 0, 0]}, "four numbers"),
        ({"line": [0, 0, 2, 0]}, "2"),
        ({"line": "abc"}, "abc"),
        ({"line": [0, 0, 1, 1], "track": False}, "tracking"),
        ({"model": "guesser", "hide": ["red thing"]}, "detector"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(
    house: House, values: dict[str, Any], word: str
) -> None:
    with house.visitor() as one:
        one.told()
        one.wish(**values)
        one.show(3, frame())
        told = one.told()
        assert (told["type"], told["frame"]) == ("error", 3)
        assert word in told["text"]
        one.wish()
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
def test_a_frame_that_is_none_is_one_sentence(house: House, data: bytes, word: str) -> None:
    with house.visitor() as one:
        one.told()
        one.wish()
        one.show(1, data)
        told = one.told()
        assert (told["type"], told["frame"]) == ("error", 1)
        assert word in told["text"]
        assert one.ask(2, frame())["boxes"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"type": "else"}', "[" * 30_000])
def test_what_is_not_understood_ends_the_stream(house: House, text: str) -> None:
    with house.visitor() as one:
        one.told()
        one.session.send_text(text)
        assert "wish" in one.told()["text"]
    with house.visitor() as two:
        assert two.told()["type"] == "start"


@pytest.mark.parametrize("size", [0, 4, 2_000_001])
def test_a_frame_of_a_wrong_size_ends_the_stream(house: House, size: int) -> None:
    with house.visitor() as one:
        one.told()
        one.session.send_bytes(bytes(size))
        end = one.told()
        assert (end["type"], "2 MB" in end["text"]) == ("end", True)


def test_no_frame_before_a_wish(house: House) -> None:
    with house.visitor() as one:
        one.told()
        one.show(1, frame())
        assert one.told()["type"] == "error"


@pytest.mark.parametrize(
    ("headers", "welcome"),
    [
        ({}, True),
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://shop.test", "x-forwarded-host": "shop.test"}, True),
        ({"origin": "https://evil.test"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://testserver.evil.test"}, False),
    ],
)
def test_another_site_may_not_open_a_socket(
    house: House, headers: dict[str, str], welcome: bool
) -> None:
    if welcome:
        with house.visitor(**headers) as one:
            assert one.told()["type"] == "start"
    else:
        with pytest.raises(WebSocketDisconnect) as gone, house.visitor(**headers):
            pass
        assert gone.value.code == 1008


def test_other_sockets_are_passed_on(house: House) -> None:
    assert house.other() == 4004


def test_no_thread_is_left_by_a_hundred_visits(house: House) -> None:
    with house.visitor() as one:
        one.told()
        one.wish()
        one.ask(1, frame())
    before = threading.active_count()
    for i in range(100):
        with house.visitor() as one:
            one.told()
            if i % 10 == 0:
                one.wish()
                one.ask(1, frame())
    assert threading.active_count() <= before + 2


def test_a_long_visit_keeps_nothing(house: House) -> None:
    """A thing wanders and turns up elsewhere, so that ids, trails and counts come and go."""

    def visit(frames: range) -> float:
        for i in frames:
            left = (i * 5 + i // 30 * 97) % 260
            one.show(i, frame(left, (320, 240)))
            one.session.receive_bytes()
        gc.collect()
        trim()
        return float(psutil.Process().memory_full_info().uss) / 1e6

    with house.visitor() as one:
        one.told()
        one.wish(heat=True, line=[0.5, 0.1, 0.5, 0.9])
        before = visit(range(150))
        # One picture kept of each frame would be 170 MB, its JPEG alone 5 MB.
        assert visit(range(150, 900)) - before < 3
