"""Slow and too many connections, against a real server with a limit of 1,024 open files."""

import re
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from demo.asgi import connections
from tests.conftest import Server

LIMITED = """
import os, resource, runpy, sys
sys.path.insert(0, os.getcwd())
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
from demo.asgi import connections
connections.HEADER_S = 1.0
sys.argv = ["app.py"]
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a second instead of ten for headers."""
    program = tmp_path_factory.mktemp("limited") / "limited.py"
    program.write_text(LIMITED, "utf-8")
    running = Server(str(program)).wait()
    yield running
    assert "Traceback" not in running.stop()


def connect(server: Server) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    made.settimeout(10)
    return made


def read_all(one: socket.socket) -> bytes:
    data = b""
    while piece := one.recv(65_536):
        data += piece
    return data


def length_of(answer: bytes) -> int:
    """Bytes of an answer, by the length that it declares."""
    head, _, _ = answer.partition(b"\r\n\r\n")
    (declared,) = re.findall(rb"(?i)content-length: (\d+)", head)
    return len(head) + 4 + int(declared)


def test_the_default_is_ten_seconds() -> None:
    assert connections.HEADER_S == 10


@pytest.mark.parametrize("begin", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_header_that_does_not_come_ends_the_connection(limited: Server, begin: bytes) -> None:
    with connect(limited) as one:
        one.sendall(begin)
        start = time.monotonic()
        answer = read_all(one)
        assert 0.8 < time.monotonic() - start < 4
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "请求头".encode() in answer


def test_a_header_that_trickles_ends_the_connection_also_after_an_answer(limited: Server) -> None:
    with connect(limited) as one:
        one.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = one.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200")
        while b"\r\n\r\n" not in answer or len(answer) < length_of(answer):
            answer += one.recv(65_536)
        time.sleep(0.5)
        start = time.monotonic()
        one.settimeout(0.05)
        for letter in b"GET / HTTP/1.1\r\nX: " + b"x" * 100:
            try:
                one.sendall(bytes([letter]))
                if one.recv(65_536).startswith(b"HTTP/1.1 408"):
                    break
            except TimeoutError:
                continue
            except OSError:  # ended, and what was sent since has no receiver
                break
        assert 0.8 < time.monotonic() - start < 4


def test_a_header_without_end_is_not_collected(limited: Server) -> None:
    with connect(limited) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000)
        assert b"HTTP/1.1 431 " in read_all(one)


def test_an_event_stream_outlives_the_time_of_headers(limited: Server) -> None:
    with httpx.stream("GET", f"{limited.url}/gradio_api/heartbeat/a", timeout=30) as stream:
        beats = stream.iter_lines()
        start = time.monotonic()
        while time.monotonic() < start + 2:
            next(beats)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of open files")
def test_a_thousand_half_open_requests_do_not_keep_others_out(limited: Server) -> None:
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < 1500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(3000, most), most))
    with ExitStack() as open_ones:
        for _ in range(1024):
            one = open_ones.enter_context(connect(limited))
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        start = time.monotonic()
        assert httpx.get(f"{limited.url}/config").status_code == 200
        assert time.monotonic() - start < 2
    assert httpx.get(f"{limited.url}/config").status_code == 200


class Fake:
    """A connection as far as `Connections` knows it."""

    def __init__(self, waiting: bool = True) -> None:
        self.is_waiting, self.dropped, self.closing = waiting, False, False
        self.transport = self

    def is_closing(self) -> bool:
        return self.closing

    def drop(self) -> None:
        self.dropped = self.closing = True


def admit(limits: connections.Connections, host: str, waiting: bool = True) -> Fake | None:
    one = Fake(waiting)
    return one if limits.admit(one, host) else None  # type: ignore[arg-type]


def test_an_address_that_is_full_loses_its_oldest_waiting_connection() -> None:
    limits = connections.Connections(2, most=10)
    busy, idle = admit(limits, "192.0.2.7", waiting=False), admit(limits, "192.0.2.7")
    other = admit(limits, "192.0.2.8")
    assert busy
    assert idle
    assert other
    assert admit(limits, "192.0.2.7", waiting=False)
    assert (busy.dropped, idle.dropped, other.dropped) == (False, True, False)
    assert admit(limits, "192.0.2.7") is None
    busy.closing = True
    assert admit(limits, "192.0.2.7")


def test_proxies_and_loopback_connect_for_many() -> None:
    limits = connections.Connections(1, ["10.0.0.0/8"], most=10)
    assert all(admit(limits, "10.1.2.3", waiting=False) for _ in range(3))
    assert all(admit(limits, "127.0.0.1", waiting=False) for _ in range(3))
    assert admit(limits, "192.0.2.7", waiting=False)
    assert admit(limits, "192.0.2.7", waiting=False) is None


def test_a_full_server_ends_what_waits_and_refuses_when_nothing_does() -> None:
    limits = connections.Connections(100, most=2)
    first, second = admit(limits, "127.0.0.1", waiting=False), admit(limits, "192.0.2.7")
    assert first
    assert second
    assert admit(limits, "192.0.2.8", waiting=False)
    assert second.dropped
    assert admit(limits, "192.0.2.9") is None
