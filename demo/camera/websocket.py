"""The WebSocket endpoint for cameras: a limited number of streams, each its own session."""

import logging
from contextlib import suppress

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.camera.messages import StreamEnded
from demo.camera.session import CameraSession
from demo.camera.slots import Slots
from demo.camera.stream import CameraStream
from demo.i18n import locale_for
from demo.inference.engine import Engine
from demo.settings import Settings
from demo.web_addresses import network_of

LIVE_PATH = "/live"
_log = logging.getLogger(__name__)


class CameraEndpoint:
    """Serves camera streams; see `demo.camera.messages` for the protocol."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """settings: the number of streams and their limits, and the network cameras."""
        self._engine = engine
        self._settings = settings
        self._slots = Slots(settings.streams, settings.stream_queue, settings.streams_per_address)

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one connection until the visitor leaves or the stream ends."""
        await websocket.accept()
        _log.debug("camera session started")
        locale = locale_for(websocket.headers, websocket.query_params.get("lang", ""))
        session = CameraSession(self._engine, locale=locale)
        stream = CameraStream(websocket, session, self._settings, locale)
        host = websocket.client.host if websocket.client is not None else ""
        try:
            await self._serve(stream, network_of(host) or host)
        except* StreamEnded as group:
            reason = group.exceptions[0]
            assert isinstance(reason, StreamEnded)
            _log.debug("camera session ended: %s", reason.key)
            # The visitor may have left meanwhile.
            with suppress(WebSocketDisconnect, RuntimeError):
                await stream.end(reason)
        except* WebSocketDisconnect:
            _log.debug("camera session ended: disconnected")
        else:
            _log.debug("camera session ended: left")

    async def _serve(self, stream: CameraStream, address: str) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._answer, stream, address)
            await stream.receive()
            group.cancel_scope.cancel()

    async def _answer(self, stream: CameraStream, address: str) -> None:
        async with self._slots.hold(address, stream.send_place):
            await stream.answer_frames()
