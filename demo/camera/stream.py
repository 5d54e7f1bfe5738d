"""One camera stream over one WebSocket: messages in, answers out."""

import time
from functools import partial

import anyio
from anyio.to_thread import run_sync
from starlette.websockets import WebSocket

from demo.camera import messages
from demo.camera.frame_source import BrowserSource, FrameSource, NetworkSource, PendingFrame
from demo.camera.messages import FrameMessage, OptionsMessage, StreamEnded
from demo.camera.session import CameraSession, FrameAnswer
from demo.errors import DemoError
from demo.i18n import translate
from demo.settings import Settings

_FIRST_MESSAGE_S = 3.0
"""Time for the first options or the first frame after the start, seconds."""


class CameraStream:
    """Reads the messages of one page and answers its frames, the newest first."""

    def __init__(
        self, websocket: WebSocket, session: CameraSession, settings: Settings, locale: str
    ) -> None:
        """websocket: already accepted. locale: of the page, one of LOCALES."""
        self._websocket = websocket
        self._session = session
        self._settings = settings
        self._locale = locale
        self._new_options: OptionsMessage | None = None
        self._source: BrowserSource | NetworkSource | None = None
        self._source_name: object = None
        self._source_chosen = anyio.Event()

    async def receive(self) -> None:
        """Take in messages until the page disconnects. Raises StreamEnded for an invalid one."""
        while True:
            raw = await self._websocket.receive()
            if raw["type"] == "websocket.disconnect":
                return
            message = messages.parse(raw.get("text"), raw.get("bytes"))
            if isinstance(message, OptionsMessage):
                self._choose_source(message.source)
                self._new_options = message
            elif isinstance(message, FrameMessage):
                source = self._choose_source(None)
                if isinstance(source, BrowserSource):
                    source.put(message.number, message.data)
            elif isinstance(self._source, NetworkSource):
                self._source.shown()
            else:
                raise StreamEnded("live_not_understood")

    async def answer_frames(self) -> None:
        """Answer frames. Raises StreamEnded when the time is up or no frame comes any more."""
        minutes = self._settings.stream_minutes
        await self._websocket.send_text(messages.notice("start", minutes=minutes))
        try:
            with anyio.move_on_after(minutes * 60):
                source = await self._wait_for_source()
                while True:
                    await self._answer_next(source)
        finally:
            if self._source is not None:
                self._source.close()
        raise StreamEnded("live_time_over", minutes=f"{minutes:g}")

    async def send_place(self, place: int) -> None:
        """Send the visitor's place in the queue, from 1."""
        text = translate("live_full", self._locale, streams=self._settings.streams, place=place)
        await self._websocket.send_text(messages.notice("place", place=place, text=text))

    async def end(self, reason: StreamEnded) -> None:
        """Send the reason and close the connection."""
        text = translate(reason.key, self._locale, **reason.fields)
        await self._websocket.send_text(messages.notice("end", text=text))
        await self._websocket.close()

    async def _answer_next(self, source: FrameSource) -> None:
        idle_from = time.perf_counter()
        pending = await source.next()
        options, self._new_options = self._new_options, None
        start = time.perf_counter()
        try:
            # A visitor who leaves does not wait for the answer; the session is not used again.
            process = partial(self._process, pending, options)
            answer = await run_sync(process, abandon_on_cancel=True)
        except DemoError as error:
            text = translate(error.key, self._locale, **error.fields)
            source.sent()
            notice = messages.notice("error", frame=pending.number, text=text)
            await self._websocket.send_text(notice)
            return
        end = time.perf_counter()
        facts = {
            "frame": pending.number,
            "server_ms": round((end - start) * 1000, 2),
            "waited_ms": round((start - pending.received_at) * 1000, 2),
            "idle_ms": round(max(pending.received_at - idle_from, 0) * 1000, 2),
            "replaced": pending.dropped,
            **answer.facts,
        }
        source.sent()
        await self._websocket.send_bytes(messages.answer(facts, answer.jpeg))

    def _process(self, pending: PendingFrame, options: OptionsMessage | None) -> FrameAnswer:
        if options is not None:
            self._session.configure(options.values)
        return pending.process()

    async def _wait_for_source(self) -> FrameSource:
        """The source of the frames, known from the first options or frame."""
        seconds = min(_FIRST_MESSAGE_S, self._settings.stream_idle_s)
        with anyio.move_on_after(seconds):
            await self._source_chosen.wait()
        if self._source is None:
            raise StreamEnded("live_silent", seconds=f"{seconds:g}")
        return self._source

    def _choose_source(self, name: object) -> BrowserSource | NetworkSource:
        """The one source of this stream: the network camera `name`, or the page for None."""
        if self._source is not None:
            if name != self._source_name:
                raise StreamEnded("live_one_source")
            return self._source
        if name is None:
            self._source = BrowserSource(self._session, self._settings)
        elif isinstance(name, str) and name in self._settings.cameras:
            self._source = NetworkSource(self._session, self._settings, name)
            self._source_name = name
        else:
            raise StreamEnded("live_no_source")
        self._source_chosen.set()
        return self._source
