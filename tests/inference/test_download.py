"""Which fault of the network is told by which sentence, and what is remembered of it."""

import http.server
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from demo.errors import DemoError
from demo.inference.download import Downloader, require_https

Handler = Callable[[httpx.Request], httpx.Response]


def downloader(handler: Handler) -> Downloader:
    transport = httpx.MockTransport(handler)
    return Downloader(lambda: httpx.Client(transport=transport, follow_redirects=True))


def fetch(one: Downloader, url: str, target: Path) -> str:
    """The key of the sentence, or "" where the file has arrived."""
    try:
        one.fetch(url, target, None, 100, lambda share: None)
    except DemoError as fault:
        assert not target.exists()
        return fault.key
    return ""


class Slow(http.server.BaseHTTPRequestHandler):
    """Accepts a connection at once, and answers when it is released."""

    release = threading.Event()

    def do_GET(self) -> None:
        self.release.wait(10)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"whole")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def slow() -> Iterator[str]:
    Slow.release.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/n"
    Slow.release.set()
    server.shutdown()
    server.server_close()


def test_a_slow_server_is_waited_for(slow: str, tmp_path: Path) -> None:
    threading.Timer(0.8, Slow.release.set).start()
    one = Downloader(httpx.Client, patience_s=0.3, stall_s=5)
    assert fetch(one, slow, tmp_path / "n") == ""
    assert (tmp_path / "n").read_bytes() == b"whole"


def test_a_server_that_stalls_is_not_a_missing_network(slow: str, tmp_path: Path) -> None:
    one = Downloader(httpx.Client, patience_s=0.3, stall_s=0.3)
    assert fetch(one, slow, tmp_path / "n") == "download_broke"
    Slow.release.set()
    assert fetch(one, slow, tmp_path / "n") == ""


def test_only_the_host_that_cannot_be_reached_is_remembered(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "down.invalid":
            raise httpx.ConnectError("unreachable", request=request)
        return httpx.Response(200, stream=httpx.ByteStream(b"whole"))

    one = downloader(answer)
    assert fetch(one, "https://down.invalid/a", tmp_path / "a") == "no_network"
    assert fetch(one, "https://down.invalid/b", tmp_path / "b") == "no_network"
    assert fetch(one, "https://up.invalid/c", tmp_path / "c") == ""
    assert asked == ["down.invalid", "up.invalid"]


def test_a_host_that_hangs_is_given_up_and_does_not_block_another(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "hangs.invalid":
            release.wait(10)
        return httpx.Response(200, stream=httpx.ByteStream(b"whole"))

    transport = httpx.MockTransport(answer)
    one = Downloader(lambda: httpx.Client(transport=transport), patience_s=0.3)
    start = time.monotonic()
    assert fetch(one, "https://hangs.invalid/a", tmp_path / "a") == "no_network"
    assert fetch(one, "https://hangs.invalid/a", tmp_path / "a") == "no_network"
    assert fetch(one, "https://up.invalid/b", tmp_path / "b") == ""
    assert time.monotonic() - start < 2
    release.set()


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (httpx.ConnectTimeout, "no_network"),
        (httpx.ReadTimeout, "download_broke"),
        (httpx.RemoteProtocolError, "download_broke"),
        (httpx.ReadError, "download_broke"),
    ],
)
def test_each_fault_has_its_sentence(
    fault: type[httpx.TransportError], key: str, tmp_path: Path
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise fault("a fault", request=request)

    assert fetch(downloader(fail), "https://x.invalid/n", tmp_path / "n") == key


@pytest.mark.parametrize("status", [404, 500, 304])
def test_a_status_without_a_file_is_refused(status: int, tmp_path: Path) -> None:
    one = downloader(lambda request: httpx.Response(status))
    assert fetch(one, "https://x.invalid/n", tmp_path / "n") == "download_refused"


def test_a_redirect_away_from_https_is_not_followed(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/n":
            return httpx.Response(302, headers={"location": "http://x.invalid/plain"})
        return httpx.Response(200, stream=httpx.ByteStream(b"whole"))

    one = Downloader(
        lambda: httpx.Client(
            transport=httpx.MockTransport(answer),
            follow_redirects=True,
            event_hooks={"request": [require_https]},
        )
    )
    assert fetch(one, "https://x.invalid/n", tmp_path / "n") == "download_broke"
    assert asked == ["https://x.invalid/n"]


def test_a_download_leaves_a_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "demo")

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200 if request.url.path == "/n" else 404, stream=httpx.ByteStream(b"whole")
        )

    one = downloader(answer)
    fetch(one, "https://x.invalid/n", tmp_path / "n")
    fetch(one, "https://x.invalid/m", tmp_path / "m")
    levels = [(record.levelname, record.getMessage().split()[0]) for record in caplog.records]
    assert levels == [
        ("INFO", "downloading"),
        ("INFO", "downloaded"),
        ("INFO", "downloading"),
        ("WARNING", "download"),
    ]
