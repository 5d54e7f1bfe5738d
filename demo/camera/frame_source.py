"""Sources of the frames of one stream: the visitor's own camera, or a network camera."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import anyio
from anyio.to_thread import run_sync

from demo.camera.messages import StreamEnded
from demo.camera.network_camera import NetworkCamera
from demo.camera.session import CameraSession, FrameAnswer
from demo.errors import DemoError
from demo.settings import Settings
from demo.video.limits import VideoLimits

MAX_UNSHOWN = 2
"""Answers that may be on their way to the page before it confirms that it displayed one."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class PendingFrame:
    """A frame that waits for its answer.

    Attributes:
        number: of the frame.
        received_at: time.perf_counter() when it came.
        dropped: frames that newer ones have replaced so far.
        process: computes the answer; blocks.
    """

    number: int
    received_at: float
    dropped: int
    process: Callable[[], FrameAnswer]


class FrameSource(Protocol):
    """Gives the newest frame of one stream, each at most once."""

    async def next(self) -> PendingFrame:
        """Wait for the newest frame. Raises StreamEnded where none comes any more."""

    def sent(self) -> None:
        """Note that an answer or an error has been sent to the page."""

    def close(self) -> None:
        """Release what the source holds."""


class BrowserSource:
    """Frames that the page sends; a newer frame replaces one that waits."""

    def __init__(self, session: CameraSession, settings: Settings) -> None:
        """settings.stream_idle_s: how long to wait for a frame."""
        self._session = session
        self._timeout_s = settings.stream_idle_s
        self._arrived = anyio.Event()
        self._pending: PendingFrame | None = None
        self._dropped = 0

    def put(self, number: int, data: bytes) -> None:
        """Accept a frame, an image file."""
        self._dropped += self._pending is not None
        process = partial(self._session.process_jpeg, data)
        self._pending = PendingFrame(number, time.perf_counter(), self._dropped, process)
        self._arrived.set()

    async def next(self) -> PendingFrame:
        """Wait for the newest frame. Raises StreamEnded where none comes for too long."""
        with anyio.move_on_after(self._timeout_s) as limit:
            await self._arrived.wait()
        if limit.cancelled_caught or self._pending is None:
            raise StreamEnded("live_idle", seconds=f"{self._timeout_s:g}")
        self._arrived = anyio.Event()
        pending, self._pending = self._pending, None
        return pending

    def sent(self) -> None:
        """Do nothing: the page itself paces its frames."""

    def close(self) -> None:
        """Do nothing: nothing is held."""


class NetworkSource:
    """Frames of a network camera, paced by the page's confirmations that it displays them."""

    def __init__(self, session: CameraSession, settings: Settings, name: str) -> None:
        """Connect to nothing yet.

        Args:
            session: answers the frames.
            settings: the cameras and limits.
            name: one of `settings.cameras`; connected with the first call of `next`.
        """
        self._session = session
        self._timeout_s = settings.stream_idle_s
        self._limits = VideoLimits.of(settings)
        self._name, self._address = name, settings.cameras[name]
        self._camera: NetworkCamera | None = None
        self._unshown = 0
        self._confirmed = anyio.Event()

    async def next(self) -> PendingFrame:
        """Wait for the newest frame.

        Raises:
            StreamEnded: where the page displays none, or the camera fails.
        """
        with anyio.move_on_after(self._timeout_s):
            while self._unshown >= MAX_UNSHOWN:
                self._confirmed = anyio.Event()
                await self._confirmed.wait()
        if self._unshown >= MAX_UNSHOWN:
            raise StreamEnded("live_unseen", seconds=f"{self._timeout_s:g}")
        if self._camera is None:
            self._camera = NetworkCamera(self._address, self._limits)
        try:
            # A visitor who leaves does not wait for the camera; closing it wakes the thread.
            captured = await run_sync(self._camera.newest, abandon_on_cancel=True)
        except DemoError as error:
            _log.warning("network camera %s failed: %s", self._name, error.key)
            raise StreamEnded(error.key, **error.fields) from None
        process = partial(self._session.process_frame, captured.rgb, captured.decode_ms)
        return PendingFrame(captured.number, captured.captured_at, captured.dropped, process)

    def sent(self) -> None:
        """Count an answer or an error that the page has not displayed yet."""
        self._unshown += 1

    def shown(self) -> None:
        """Note that the page has displayed one."""
        self._unshown = max(self._unshown - 1, 0)
        self._confirmed.set()

    def close(self) -> None:
        """Disconnect."""
        if self._camera is not None:
            self._camera.close()
