"""Network cameras for tests, on a port of this machine: HTTP and RTSP."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame

from demo.results import Image
from tests.support.clips import square

STEP_S = 0.03
SIZE_WH = (320, 240)


def picture(index: int, size_wh: tuple[int, int] = SIZE_WH) -> Image:
    """A red square of a fifth of the width, at one of many places."""
    return np.asarray(
        cv2.resize(square(index), size_wh, interpolation=cv2.INTER_NEAREST), dtype=np.uint8
    )


def jpeg(rgb: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1])


def part(data: bytes) -> bytes:
    """One picture of a multipart/x-mixed-replace answer."""
    head = f"--shot\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"


def still(rgb: Image) -> Iterator[bytes]:
    """The same picture twenty times a second, without end."""
    data = part(jpeg(rgb))
    while True:
        yield data
        time.sleep(0.05)


def motion(size_wh: tuple[int, int] = SIZE_WH, number: int = 10**6) -> Iterator[bytes]:
    """Motion JPEG at about 30 pictures a second."""
    parts = [part(jpeg(picture(index, size_wh))) for index in (0, 1)]
    for index in range(number):
        yield parts[index % len(parts)]
        time.sleep(STEP_S)


Answer = Callable[[], Iterator[bytes]]


class Webcam(ThreadingHTTPServer):
    """Answers GET from `paths`; counts listeners and records the requested paths."""

    daemon_threads = True

    def __init__(self) -> None:
        self.paths: dict[str, Answer] = {}
        self.moved: dict[str, str] = {}
        self.kind = "multipart/x-mixed-replace; boundary=shot"
        self.password = ""
        self.asked: list[str] = []
        self.listening = 0
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    server: Webcam

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        camera, path = self.server, self.path.partition("?")[0]
        camera.asked.append(path)
        if camera.password and not self._known():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Digest realm="cam", nonce="abc", qop="auth"')
            self.end_headers()
            return
        if path in camera.moved:
            self.send_response(302)
            self.send_header("Location", camera.moved[path])
            self.end_headers()
            return
        if path not in camera.paths:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", camera.kind)
        self.end_headers()
        camera.listening += 1
        try:
            for data in camera.paths[path]():
                self.wfile.write(data)
        finally:
            camera.listening -= 1

    def _known(self) -> bool:
        """Whether the client knows the password, by RFC 7616, section 3.4.1."""
        head = self.headers.get("Authorization", "")
        if not head.startswith("Digest "):
            return False
        fields = {
            key.strip(): value.strip('"')
            for key, _, value in (one.partition("=") for one in head[7:].split(","))
        }
        inner = _md5(f"{fields['username']}:cam:{self.server.password}")
        asked = _md5(f"GET:{self.path}")
        middle = f"abc:{fields['nc']}:{fields['cnonce']}:auth"
        return fields["response"] == _md5(f"{inner}:{middle}:{asked}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _wander(output: OutputContainer, number: int) -> None:
    """Write `number` pictures of the moving square in H.264 with a key frame every ten."""
    stream = output.add_stream("libx264", rate=20)
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height = SIZE_WH
    stream.pix_fmt = "yuv420p"
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "10"}
    for index in range(number):
        output.mux(stream.encode(VideoFrame.from_ndarray(picture(index), "rgb24")))
    output.mux(stream.encode(None))


def clip(path: Path, form: str, number: int = 60, movflags: str = "") -> bytes:
    """A video of the moving square."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=form, container_options=options) as output:
        _wander(output, number)
    return path.read_bytes()


class _Packets(list[bytes]):
    """A writable file that keeps RTP packets separate."""

    def write(self, data: bytes) -> int:
        self.append(bytes(data))
        return len(data)


def packets(number: int = 60) -> list[bytes]:
    """RTP packets (RFC 6184) of the moving square in H.264."""
    kept = _Packets()
    with av.open(kept, "w", format="rtp", container_options={"packetsize": "1200"}) as output:
        _wander(output, number)
    # Types 72–76 are reports, not pictures (RFC 5761, section 4).
    return [one for one in kept if not 72 <= one[1] & 0x7F <= 76]


class RtspCam:
    """Answers one client after the other with RTP inside of RTSP (RFC 2326, section 10.12)."""

    SDP = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
    )

    def __init__(self, stall_s: float = 0.0, moved: str = "") -> None:
        """stall_s: a pause after twenty frames, once. moved: redirects clients there."""
        self.asked: list[str] = []
        self.left = threading.Event()
        self.went_on = threading.Event()
        self._stall_s, self._moved = stall_s, moved
        self._packets = packets()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        try:
            visitor, _ = self._listener.accept()
        except OSError:
            return
        with visitor, suppress(OSError):
            self._talk(visitor)
        self.left.set()

    def _talk(self, visitor: socket.socket) -> None:
        with visitor.makefile("rb") as lines:
            while True:
                head: list[str] = []
                while (line := lines.readline().decode().strip()) or not head:
                    if not line:
                        return
                    head.append(line)
                verb = head[0].split()[0]
                self.asked.append(verb)
                count = next(one for one in head if one.startswith("CSeq"))
                visitor.sendall(self._reply(verb, count).encode())
                if verb == "PLAY":
                    self._play(visitor)

    def _reply(self, verb: str, count: str) -> str:
        more, body = "Session: 7\r\n", ""
        if self._moved and verb == "DESCRIBE":
            return f"RTSP/1.0 302 Moved\r\n{count}\r\nLocation: {self._moved}\r\n\r\n"
        if verb == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif verb == "DESCRIBE":
            body = self.SDP
            more = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif verb == "SETUP":
            more += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"RTSP/1.0 200 OK\r\n{count}\r\n{more}\r\n{body}"

    def _play(self, visitor: socket.socket) -> None:
        shown = 0
        for packet in self._packets * 20:
            visitor.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)
            if packet[1] & 0x80:  # the last packet of a picture
                shown += 1
                time.sleep(STEP_S)
                if shown == 20 and self._stall_s:
                    time.sleep(self._stall_s)
                    self.went_on.set()
