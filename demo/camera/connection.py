"""The one connection to a camera of the owner's, and nothing that the camera could lead on to.

http and https are spoken by Python: what comes is read by a demuxer that is named, after the first
bytes, and that is given no name and no way to open anything else. No redirect is followed and no
proxy is asked. rtsp and rtsps are spoken by FFmpeg, over TCP only; it checks no certificates.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NoReturn
from urllib import request
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

import av
from av.container import InputContainer

from demo.errors import DemoError
from demo.video.reader import CODECS

FAULTS = (av.FFmpegError, OSError, ValueError, HTTPException)
"""What a broken, strange or absent camera is known to raise; their texts may hold its address."""
CONNECT_S = 1.8
OPEN_S = 3.0
READ_S = 4.0
POLL_S = 1.5
"""FFmpeg cannot be called back from a read of RTSP, so it comes back by itself to see who looks.

Longer than slow cameras take for a frame: where it happens inside of a packet, the stream is lost.
"""
_HEAD = 189
"""Bytes up to the start of the second packet of an MPEG transport stream (ISO/IEC 13818-1)."""
_SOON = {
    "codec_whitelist": ",".join(sorted(CODECS)),
    "fflags": "nobuffer",
    "probesize": "500000",
    "analyzeduration": "1000000",
    "fpsprobesize": "0",
}


class Connection:
    """What is connected for one reader; another thread may hang up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = False

    def over(self) -> bool:
        """Whether somebody hung up."""
        return self._over

    def hold(self, connected: socket.socket) -> None:
        """Take a connection into care."""
        with self._lock:
            self._sockets.append(connected)
        if self._over:
            self.hang_up()

    def hang_up(self) -> None:
        """End what is connected, and what will be; a read that waits returns at once."""
        with self._lock:
            self._over = True
            for one in self._sockets:
                # The plain connection under TLS: its reader is in another thread.
                with suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


@contextmanager
def opened(address: str, line: Connection) -> Iterator[InputContainer]:
    """What the camera at `address` sends, open for the block.

    Raises DemoError for what is no stream of pictures, and one of FAULTS where nobody answers.
    """
    if urlsplit(address).scheme.startswith("rtsp"):
        with _rtsp(address) as container:
            yield container
        return
    with _answer(address, line) as answer:
        body = _Body(answer)
        safe = {**_SOON, "protocol_whitelist": "none", "enable_drefs": "0"}
        form = _recognised(body.head)
        with av.open(body, "r", format=form, container_options=safe, io_open=_refuse) as container:
            yield container


def _rtsp(address: str) -> InputContainer:
    options = {
        **_SOON,
        # Without rtsp itself, which a redirect would need.
        "protocol_whitelist": "tls,tcp" if address.startswith("rtsps:") else "tcp",
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
    }
    waits = (OPEN_S, POLL_S)
    return av.open(address, "r", format="rtsp", container_options=options, timeout=waits)


class _Body:
    """The body of an answer as a file: every read gives what has come, and waits for no more."""

    def __init__(self, answer: HTTPResponse) -> None:
        self._answer = answer
        self.head = b""
        while len(self.head) < _HEAD and (more := answer.read1(_HEAD - len(self.head))):
            self.head += more
        self._kept = self.head

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        if self._kept:
            given, self._kept = self._kept[:size], self._kept[size:]
            return given
        return self._answer.read1(size)


def _recognised(head: bytes) -> str:
    """FFmpeg's demuxer for what begins so; none of them opens anything else by itself.

    Playlists are not among them. Raises DemoError for every other kind.
    """
    if head.lstrip(b"\r\n").startswith(b"--"):
        return "mpjpeg"
    if head.startswith(b"\xff\xd8\xff"):
        return "mjpeg"
    if head[:1] == head[188:] == b"\x47":
        return "mpegts"
    if head[4:8] == b"ftyp":
        return "mov"
    if head.startswith(b"FLV"):
        return "flv"
    raise DemoError("live_source_kind")


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a camera may not open anything else")


@contextmanager
def _answer(address: str, line: Connection) -> Iterator[HTTPResponse]:
    """The answer to a GET, with the name and the password of the address where it asks for them."""
    parts = urlsplit(address)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    keys = request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        keys.add_password(None, bare, unquote(parts.username), unquote(parts.password or ""))
    caller = request.OpenerDirector()
    for handler in (
        _Caller(line),
        request.HTTPDigestAuthHandler(keys),
        request.HTTPBasicAuthHandler(keys),
        request.HTTPErrorProcessor(),
        request.HTTPDefaultErrorHandler(),
    ):
        caller.add_handler(handler)
    try:
        answer = caller.open(request.Request(bare), timeout=CONNECT_S)
    except HTTPError as fault:
        # Its body is still open.
        fault.close()
        raise
    with answer:
        yield answer


class _Caller(request.HTTPHandler, request.HTTPSHandler):
    """Speaks http and https, and gives every connection to the line."""

    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: request.Request) -> HTTPResponse:
        return self.do_open(partial(_Plain, self._line), req)

    def https_open(self, req: request.Request) -> HTTPResponse:
        secure = ssl.create_default_context()
        return self.do_open(partial(_Secure, self._line), req, context=secure)


class _Plain(HTTPConnection):
    """A connection that the line knows of."""

    def __init__(self, line: Connection, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(READ_S)
        self._line.hold(self.sock)


class _Secure(_Plain, HTTPSConnection):
    """The same under TLS, which stands between the two."""
