"""The line of the REST API of a real server: who waits, who is sent away, and who leaves."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from demo.asgi.rest_paths import API_PATH
from demo.service import examples
from tests.conftest import Server
from tests.hostile import wire

BUS = next(path for path in examples.paths() if path.name == "bus.jpg").read_bytes()
EXPLAIN = f"{API_PATH}/explain?model=efficientnet_lite0&method=occlusion"
CLASSIFY = f"{API_PATH}/classify?model=efficientnet_lite0"
WAITING = 2
AT_ONCE = 2
"""Answers at once with one thread: one computes, one is prepared."""


class Rest(Server):
    """A server of one thread in which two may wait."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            TMPDIR=str(folder),
            VITRINE_REST_WAITING=str(WAITING),
            VITRINE_THREADS="1",
            VITRINE_LOG="debug",
        )
        self._temporary = folder
        self._printed: list[str] = []
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()
        self.wait()
        self.post(CLASSIFY)  # its model is loaded from now on

    def _drain(self) -> None:
        assert self.process.stdout is not None
        self._printed.extend(self.process.stdout)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def printed(self) -> str:
        return "".join(self._printed)

    def pictures(self) -> int:
        (folder,) = self._temporary.glob("vitrine-*/uploads")
        return len(list(folder.glob("*/picture")))

    def post(self, address: str, body: bytes = BUS) -> httpx.Response:
        return httpx.post(self.url + address, content=body, timeout=120)

    def health(self) -> tuple[int, int]:
        """How many wait, and how many answers are under way."""
        facts = httpx.get(f"{self.url}{API_PATH}/health", timeout=30).json()
        return facts["waiting"], facts["running"]

    def ask(self, address: str, body: bytes = BUS, length: int | None = None) -> socket.socket:
        """A connection that has sent a request, or the begin of one."""
        peer = wire.connect(self.port, timeout=120)
        length = len(body) if length is None else length
        peer.sendall(wire.head("POST", address, self.port, {"content-length": str(length)}) + body)
        return peer


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    running = Rest(tmp_path_factory.mktemp("tmp"))
    yield running
    running.end()
    assert "Traceback" not in running.printed


@pytest.fixture(autouse=True)
def all_ends(rest: Rest) -> Iterator[None]:
    yield
    until(lambda: rest.health() == (0, 0) and rest.pictures() == 0, 60)


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def other(number: int) -> bytes:
    """The same photo as another file, so that no answer is kept for it, too large for memory."""
    return BUS + bytes([number]) + bytes(300_000)


def test_a_client_that_leaves_frees_its_place_and_its_job_is_not_run(rest: Rest) -> None:
    with ExitStack() as open_ones:
        for number in range(AT_ONCE):
            open_ones.enter_context(rest.ask(EXPLAIN, other(number)))
        until(lambda: rest.health() == (0, AT_ONCE))
        leaving = [rest.ask(EXPLAIN, other(10 + number)) for number in range(WAITING)]
        until(lambda: rest.health() == (WAITING, AT_ONCE))
        assert rest.pictures() == AT_ONCE + WAITING
        dropped = rest.printed.count("dropped a request that waited")
        for peer in leaving:
            peer.close()
        until(lambda: rest.health() == (0, AT_ONCE), 2)
        until(lambda: rest.pictures() == AT_ONCE, 2)
        until(lambda: rest.printed.count("dropped a request") == dropped + WAITING, 2)
        # Answers of one pass do not wait for explanations.
        assert rest.post(CLASSIFY, other(20)).status_code == 200
        assert rest.health()[1] == AT_ONCE
    until(lambda: rest.health() == (0, 0), 30)  # those that ran end at their next pass


def test_a_full_line_sends_away_at_once_and_reads_no_body(rest: Rest) -> None:
    with ExitStack() as open_ones:
        for number in range(AT_ONCE):
            open_ones.enter_context(rest.ask(EXPLAIN, other(number)))
        until(lambda: rest.health() == (0, AT_ONCE))
        for number in range(WAITING):
            open_ones.enter_context(rest.ask(EXPLAIN, other(10 + number)))
        until(lambda: rest.health() == (WAITING, AT_ONCE))
        spent = []
        for _ in range(5):
            start = time.perf_counter()
            with rest.ask(EXPLAIN, b"", length=1_000_000) as peer:
                answer = wire._read(peer, start)
            spent.append(time.perf_counter() - start)
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert json.loads(answer.body)["code"] == "queue_full"
        assert sorted(spent)[2] < 0.05, spent
        assert rest.pictures() == AT_ONCE + WAITING


def test_slow_bodies_do_not_fill_the_line(rest: Rest) -> None:
    with ExitStack() as open_ones:
        for _ in range(WAITING + AT_ONCE):
            open_ones.enter_context(rest.ask(CLASSIFY, b"\xff\xd8", length=1_000))
        until(lambda: rest.health() == (WAITING + AT_ONCE, 0), 1.5)
        assert rest.post(CLASSIFY, other(30)).status_code == 503
        until(lambda: rest.health() == (0, 0), 4)
        assert rest.post(CLASSIFY, other(31)).status_code == 200


def test_more_than_may_wait_are_all_answered_or_sent_away(rest: Rest) -> None:
    statuses = []

    def ask(number: int) -> None:
        statuses.append(rest.post(CLASSIFY, other(40 + number)).status_code)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= WAITING + AT_ONCE
