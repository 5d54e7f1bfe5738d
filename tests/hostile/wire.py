"""Requests byte by byte, which no client library would send."""

import http.client
import select
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status is 0 where the server closed the connection without one.

    seconds: from the last byte that the server took until the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def connect(port: int, address: str = "127.0.0.1", timeout: float = 10) -> socket.socket:
    """A connection to a local server from one of the addresses of this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout, (address, 0))


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """GET a path exactly as it is written."""
    return send(port, head("GET", path, port, headers or {}), [])


def post(port: int, path: str, parts: Iterable[bytes], headers: Mapping[str, str]) -> Answer:
    """POST a body in parts, until the server answers; in chunks unless a length is given."""
    chunked = not any(name.lower() == "content-length" for name in headers)
    if chunked:
        headers = {**headers, "transfer-encoding": "chunked"}
        parts = (b"%x\r\n%b\r\n" % (len(part), part) for part in chain(filter(None, parts), [b""]))
    return send(port, head("POST", path, port, headers), parts)


def send(port: int, head: bytes, parts: Iterable[bytes]) -> Answer:
    """Send a request; stops sending as soon as the server answers or closes."""
    with connect(port) as peer:
        peer.sendall(head)
        taken = time.perf_counter()
        try:
            for part in parts:
                if select.select([peer], [], [], 0)[0]:
                    break
                peer.sendall(part)
                taken = time.perf_counter()
        except OSError:  # the server does not read on; its answer may have arrived
            pass
        return _read(peer, taken)


def _read(peer: socket.socket, taken: float) -> Answer:
    response = http.client.HTTPResponse(peer)
    try:
        response.begin()
        seconds = time.perf_counter() - taken
        # A stream of events never ends by itself.
        endless = "event-stream" in response.getheader("content-type", "")
        body = b"" if endless or response.status == 101 else response.read()
    except (OSError, http.client.HTTPException):
        return Answer(0, {}, b"", time.perf_counter() - taken)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body, seconds)


def head(method: str, path: str, port: int, headers: Mapping[str, str]) -> bytes:
    """The request line and headers; host and connection unless given."""
    given = {"host": f"127.0.0.1:{port}", "connection": "close"}
    given |= {name.lower(): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")
