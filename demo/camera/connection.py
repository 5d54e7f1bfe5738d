"""The connection to one network camera, which can lead to no other address or file.

HTTP and HTTPS are spoken by Python: FFmpeg gets only the body, with the demuxer named after its
first bytes, and no way to open anything by itself. Redirects are not followed and proxies are not
used. RTSP and RTSPS are spoken by FFmpeg over TCP; it verifies no certificates.
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
from demo.video.tracks import CODECS

ERRORS = (av.FFmpegError, OSError, ValueError, HTTPException)
"""Raised for broken, strange or absent cameras; their texts may contain the address."""
CONNECT_S = 1.8
OPEN_S = 3.0
READ_S = 4.0
POLL_S = 1.5
"""After so long a read of RTSP returns, to find out whether the connection has been closed.

FFmpeg cannot be interrupted while it reads RTSP. Longer than slow cameras take for a frame: a
return in the middle of a packet loses the stream.
"""
_HEAD_BYTES = 189
"""Up to the start of the second packet of an MPEG transport stream (ISO/IEC 13818-1)."""
_LOW_LATENCY = {
    "codec_whitelist": ",".join(sorted(CODECS)),
    "fflags": "nobuffer",
    "probesize": "500000",
    "analyzeduration": "1000000",
    "fpsprobesize": "0",
}


class Connection:
    """The sockets of one reader, which another thread may close."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._closed = False

    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self._closed

    def add(self, connected: socket.socket) -> None:
        """Register a socket; it is shut down at once where the connection is closed already."""
        with self._lock:
            self._sockets.append(connected)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Shut down all sockets, now and in future; a blocked read returns at once."""
        with self._lock:
            self._closed = True
            for one in self._sockets:
                # The plain socket under TLS, since its reader is in another thread.
                with suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


@contextmanager
def open_stream(address: str, connection: Connection) -> Iterator[InputContainer]:
    """Open the stream of the camera at `address` for the block.

    Raises:
        DemoError: for an answer that is no video stream.
        ERRORS: one of these where the camera does not answer.
    """
    if urlsplit(address).scheme.startswith("rtsp"):
        with _open_rtsp(address) as container:
            yield container
        return
    with _get(address, connection) as response:
        body = _Body(response)
        safe = {**_LOW_LATENCY, "protocol_whitelist": "none", "enable_drefs": "0"}
        demuxer = _demuxer_for(body.head)
        with av.open(
            body, "r", format=demuxer, container_options=safe, io_open=_refuse
        ) as container:
            yield container


def _open_rtsp(address: str) -> InputContainer:
    options = {
        **_LOW_LATENCY,
        # Without rtsp itself, which a redirect would need.
        "protocol_whitelist": "tls,tcp" if address.startswith("rtsps:") else "tcp",
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
    }
    timeouts = (OPEN_S, POLL_S)
    return av.open(address, "r", format="rtsp", container_options=options, timeout=timeouts)


class _Body:
    """A response's body as a file whose reads return what has arrived and wait for no more."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self.head = b""
        while len(self.head) < _HEAD_BYTES:
            more = response.read1(_HEAD_BYTES - len(self.head))
            if not more:
                break
            self.head += more
        self._unread = self.head

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        if self._unread:
            part, self._unread = self._unread[:size], self._unread[size:]
            return part
        return self._response.read1(size)


def _demuxer_for(head: bytes) -> str:
    """FFmpeg's demuxer for a body that begins so; none of them opens anything else by itself.

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
def _get(address: str, connection: Connection) -> Iterator[HTTPResponse]:
    """The response to a GET, with the address's user and password where it is challenged.

    By http.client rather than httpx, whose parser refuses the malformed headers that cheap cameras
    send and that this one takes.
    """
    parts = urlsplit(address)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    passwords = request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        passwords.add_password(None, bare, unquote(parts.username), unquote(parts.password or ""))
    opener = request.OpenerDirector()
    for handler in (
        _ConnectionHandler(connection),
        request.HTTPDigestAuthHandler(passwords),
        request.HTTPBasicAuthHandler(passwords),
        request.HTTPErrorProcessor(),
        request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    try:
        response = opener.open(request.Request(bare), timeout=CONNECT_S)
    except HTTPError as error:
        # Its body is still open.
        error.close()
        raise
    with response:
        yield response


class _ConnectionHandler(request.HTTPHandler, request.HTTPSHandler):
    """Opens HTTP and HTTPS and registers every socket with the connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def http_open(self, req: request.Request) -> HTTPResponse:
        return self.do_open(partial(_PlainConnection, self._connection), req)

    def https_open(self, req: request.Request) -> HTTPResponse:
        tls = ssl.create_default_context()
        return self.do_open(partial(_TlsConnection, self._connection), req, context=tls)


class _PlainConnection(HTTPConnection):
    """An HTTP connection whose socket is registered as soon as it is connected."""

    def __init__(self, connection: Connection, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._connection = connection

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(READ_S)
        self._connection.add(self.sock)


class _TlsConnection(_PlainConnection, HTTPSConnection):
    """The same over TLS."""
