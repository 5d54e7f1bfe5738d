"""Cameras over WebSockets: the newest frame wins, the number of streams has a limit.

The page sends text, `{"type": "wish", …}` (see `CameraSession.ask`), and frames: 4 bytes of a number,
big-endian, and a JPEG. It gets text of the types `place` (in the line), `start`, `error` (about
one frame or wish) and `end`, and answers: 4 bytes of a length, so many bytes of JSON, a JPEG.

Where the first wish names a `source`, one of the owner's cameras, the server reads the frames by
itself; then the page sends none, but `{"type": "seen"}` for each answer and error that it showed.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.to_thread import run_sync
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.camera.frame_source import BrowserSource, NetworkSource, StreamEnded
from demo.camera.session import LIMITS, CameraSession, FrameAnswer
from demo.camera.slots import Slots
from demo.errors import DemoError
from demo.i18n import locale_for, translate
from demo.inference.engine import Engine
from demo.settings import Settings

LIVE_PATH = "/live"
_POLICY = 1008
"""The close code for a visitor who broke a rule (RFC 6455, section 7.4.1)."""
_WISH_BYTES = 20_000


class CameraEndpoint:
    """Answers WebSockets on LIVE_PATH: one stream a visitor, at most `settings.streams` at once."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._slots = Slots(settings.streams)

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one connection, from its handshake to its end."""
        if not _same_site(websocket.headers):
            await websocket.close(_POLICY)
            return
        await websocket.accept()
        stream = _Stream(websocket, CameraSession(self._engine), self._settings)
        try:
            await self._serve(stream)
        except* StreamEnded as over:
            [fault] = over.exceptions[:1]
            # The visitor may have gone meanwhile.
            with suppress(WebSocketDisconnect, RuntimeError):
                await stream.end(*fault.args)
        except* WebSocketDisconnect:
            pass

    async def _serve(self, stream: "_Stream") -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._work, stream)
            await stream.listen()
            group.cancel_scope.cancel()

    async def _work(self, stream: "_Stream") -> None:
        async with self._slots.hold(stream.tell_place):
            await stream.answer_all()


class _Stream:
    """One visitor's WebSocket."""

    def __init__(self, socket: WebSocket, camera: CameraSession, settings: Settings) -> None:
        self._socket = socket
        self._camera = camera
        self._settings = settings
        self._locale = locale_for(socket.headers)
        self._wish: dict[str, Any] | None = None
        self._source: str | None = None
        self._feed: BrowserSource | NetworkSource | None = None
        self._chosen = anyio.Event()

    async def listen(self) -> None:
        """Take in what the visitor sends, until the visitor goes."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                self._hear(message.get("text") or "")
                continue
            if not 4 < len(data) <= LIMITS.max_file_mb * 1e6:
                raise StreamEnded("live_frame_size", {"limit": f"{LIMITS.max_file_mb:g}"})
            feed = self._feed_of(None)
            if isinstance(feed, BrowserSource):
                feed.put(int.from_bytes(data[:4], "big"), data[4:])

    async def answer_all(self) -> None:
        """Answer frames until the time is over or nothing comes any more."""
        minutes = self._settings.stream_minutes
        await self._tell("start", minutes=minutes)
        try:
            with anyio.move_on_after(minutes * 60):
                feed = await self._choice()
                while True:
                    await self._answer_next(feed)
        finally:
            if self._feed is not None:
                self._feed.close()
        raise StreamEnded("live_time_over", {"minutes": f"{minutes:g}"})

    async def tell_place(self, place: int) -> None:
        """Say where in the line the visitor stands."""
        text = translate("live_full", self._locale, streams=self._settings.streams, place=place)
        await self._tell("place", place=place, text=text)

    async def end(self, key: str, fields: Mapping[str, object]) -> None:
        """Say why, and close."""
        await self._tell("end", text=translate(key, self._locale, **fields))
        await self._socket.close()

    async def _choice(self) -> BrowserSource | NetworkSource:
        """Where the frames come from, which the first wish or frame tells."""
        seconds = self._settings.stream_idle_s
        with anyio.move_on_after(seconds):
            await self._chosen.wait()
        if self._feed is None:
            raise StreamEnded("live_idle", {"seconds": f"{seconds:g}"})
        return self._feed

    async def _answer_next(self, feed: BrowserSource | NetworkSource) -> None:
        idle_from = time.perf_counter()
        given = await feed.next()
        wish, self._wish = self._wish, None
        start = time.perf_counter()
        try:
            # Who leaves does not wait for the answer; nothing else uses the camera afterwards.
            shot = await run_sync(self._look, given.look, wish, abandon_on_cancel=True)
        except DemoError as fault:
            text = translate(fault.key, self._locale, **fault.fields)
            feed.answered()
            await self._tell("error", frame=given.number, text=text)
            return
        now = time.perf_counter()
        facts = {
            "frame": given.number,
            "server_ms": round((now - start) * 1000, 2),
            "waited_ms": round((start - given.came) * 1000, 2),
            "idle_ms": round(max(given.came - idle_from, 0) * 1000, 2),
            "replaced": given.replaced,
            **shot.facts,
        }
        head = json.dumps(facts, ensure_ascii=False, allow_nan=False).encode()
        feed.answered()
        await self._socket.send_bytes(len(head).to_bytes(4, "big") + head + shot.jpeg)

    def _look(self, look: Callable[[], FrameAnswer], wish: dict[str, Any] | None) -> FrameAnswer:
        if wish is not None:
            self._camera.ask(wish)
        return look()

    def _hear(self, text: str) -> None:
        values: Any = None
        if len(text) <= _WISH_BYTES:
            with suppress(ValueError, RecursionError):
                values = json.loads(text)
        kind = values.get("type") if isinstance(values, dict) else None
        if kind == "seen" and isinstance(self._feed, NetworkSource):
            self._feed.seen()
        elif kind == "wish":
            self._feed_of(values.get("source"))
            self._wish = values
        else:
            raise StreamEnded("live_not_understood", {})

    def _feed_of(self, source: object) -> BrowserSource | NetworkSource:
        """The one feed of this stream, of the owner's camera `source` or, for None, of the page."""
        if self._feed is not None:
            if source != self._source:
                raise StreamEnded("live_one_source", {})
            return self._feed
        if source is None:
            self._feed = BrowserSource(self._camera, self._settings)
        elif isinstance(source, str) and source in self._settings.cameras:
            self._feed = NetworkSource(self._camera, self._settings, source)
            self._source = source
        else:
            raise StreamEnded("live_no_source", {})
        self._chosen.set()
        return self._feed

    async def _tell(self, kind: str, **fields: object) -> None:
        await self._socket.send_text(json.dumps({"type": kind, **fields}, ensure_ascii=False))


def _same_site(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of this very host opens the socket.

    Browsers let any page open a WebSocket anywhere; programs send no Origin and may.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    named = {headers.get("host", ""), *headers.get("x-forwarded-host", "").split(",")}
    # An Origin of `null` names no host, and no host is nobody's.
    host = urlsplit(origin).netloc
    return bool(host) and host in {name.strip() for name in named}
