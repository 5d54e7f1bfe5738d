"""Which fault of the network is told by which sentence, and what is remembered of it."""

import http.server
import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

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
    requests = 0

    def do_GET(self) -> None:
        Slow.requests += 1
        self.release.wait(10)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"whole")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Serving(http.server.ThreadingHTTPServer):
    """Serves inside the block, and ends with its connections and all its threads."""

    daemon_threads = False

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture
def slow() -> Iterator[str]:
    Slow.release.clear()
    Slow.requests = 0
    with Serving(Slow) as server:
        yield f"http://127.0.0.1:{server.server_port}/n"
        Slow.release.set()


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


def test_a_network_that_comes_back_is_used_within_half_a_minute(tmp_path: Path) -> None:
    """The sentence asks to connect and to try again, so that a try must soon count."""
    seconds, connected = 0.0, False

    def answer(request: httpx.Request) -> httpx.Response:
        if not connected:
            raise httpx.ConnectError("unreachable", request=request)
        return httpx.Response(200, stream=httpx.ByteStream(b"whole"))

    transport = httpx.MockTransport(answer)
    one = Downloader(lambda: httpx.Client(transport=transport), clock=lambda: seconds)
    assert fetch(one, "https://x.invalid/n", tmp_path / "n") == "no_network"
    connected, seconds = True, 29.0
    assert fetch(one, "https://x.invalid/n", tmp_path / "n") == "no_network"
    seconds = 31.0
    assert fetch(one, "https://x.invalid/n", tmp_path / "n") == ""


class Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy that lets nobody out."""

    def do_CONNECT(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_a_proxy_that_refuses_is_told_with_its_status(tmp_path: Path) -> None:
    with Serving(Proxy) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        one = Downloader(lambda: httpx.Client(proxy=address))
        with pytest.raises(DemoError, match="status 403") as raised:
            one.fetch("https://x.invalid/n", tmp_path / "n", None, 100, print)
    assert raised.value.key == "download_refused"


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


def test_one_file_is_downloaded_at_a_time(slow: str, tmp_path: Path) -> None:
    one = Downloader(httpx.Client, patience_s=1, stall_s=5)
    with ThreadPoolExecutor(3) as visitors:
        first = visitors.submit(fetch, one, slow, tmp_path / "n")
        while not one._busy.locked():
            time.sleep(0.001)
        same = visitors.submit(fetch, one, slow, tmp_path / "n")
        with pytest.raises(DemoError, match="m is not here, and n is being downloaded") as raised:
            one.fetch(slow, tmp_path / "m", None, 100, print)
        assert raised.value.key == "download_busy"
        Slow.release.set()
        assert (first.result(), same.result()) == ("", "")
        assert Slow.requests == 1
    assert fetch(one, slow, tmp_path / "m") == ""


def test_a_failed_download_lets_the_next_one_begin(tmp_path: Path) -> None:
    one = downloader(lambda request: httpx.Response(404))
    for name in "ab":
        assert fetch(one, f"https://x.invalid/{name}", tmp_path / name) == "download_refused"


class Silent:
    """A server that accepts connections and says what it is told to, or nothing."""

    def __init__(self, answer: bytes = b"") -> None:
        self.accepted = 0
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}/n"
        self._kept: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            self._kept.append(accepted)
            accepted.sendall(self._answer)

    def close(self) -> None:
        """Close every connection too: what a thread leaves open is told to whatever test runs."""
        # Closing alone does not wake the thread that waits for a connection.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for one in (self._socket, *self._kept):
            one.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 200 OK\r\n\r\n"])
def test_a_server_that_is_slow_to_encrypt_is_not_a_missing_network(
    answer: bytes, tmp_path: Path
) -> None:
    """It accepts the connection, and then shakes no hands within the patience."""
    server = Silent(answer)
    one = Downloader(httpx.Client, patience_s=0.3, stall_s=2)
    for attempt in (1, 2):
        assert fetch(one, server.url, tmp_path / "n") == "download_broke"
        assert server.accepted == attempt
    server.close()


def test_a_certificate_that_nobody_trusts_is_told_as_that(tmp_path: Path) -> None:
    """As companies have whose proxy opens every connection."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Serving(Slow) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        one = Downloader()
        url = f"https://127.0.0.1:{server.server_port}/n"
        assert fetch(one, url, tmp_path / "n") == "download_untrusted"
        assert fetch(one, url, tmp_path / "n") == "download_untrusted"


def test_a_connection_that_is_refused_is_a_missing_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    one = Downloader(httpx.Client)
    assert fetch(one, f"http://127.0.0.1:{port}/n", tmp_path / "n") == "no_network"
