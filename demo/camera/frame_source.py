"""Where the frames of one stream come from: the visitor's own camera, or one of the owner's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import anyio
from anyio.to_thread import run_sync

from demo.camera.network_camera import NetworkCamera
from demo.camera.session import CameraSession, FrameAnswer
from demo.errors import DemoError
from demo.settings import Settings
from demo.video.limits import VideoLimits

AHEAD = 2
"""Answers that may be on their way to the page before it says that it has shown one."""


class StreamEnded(Exception):
    """The stream ends; its text is the key of a string, its fields follow."""


@dataclass(frozen=True, slots=True, eq=False)
class PendingFrame:
    """One frame to answer: its number, when it came (perf_counter), how many were dropped so far.

    look: gives the answer to it; blocks.
    """

    number: int
    came: float
    replaced: int
    look: Callable[[], FrameAnswer]


class BrowserSource:
    """Frames that the page sends. The newest one waits for the camera, an older one is dropped."""

    def __init__(self, camera: CameraSession, settings: Settings) -> None:
        self._camera = camera
        self._seconds = settings.stream_idle_s
        self._came = anyio.Event()
        self._given: PendingFrame | None = None
        self._replaced = 0

    def put(self, number: int, data: bytes) -> None:
        """Take a frame in, a file."""
        self._replaced += self._given is not None
        look = partial(self._camera.answer, data)
        self._given = PendingFrame(number, time.perf_counter(), self._replaced, look)
        self._came.set()

    async def next(self) -> PendingFrame:
        """The newest frame. Raises Over where none comes for too long."""
        with anyio.move_on_after(self._seconds) as limit:
            await self._came.wait()
        if limit.cancelled_caught or self._given is None:
            raise StreamEnded("live_idle", {"seconds": f"{self._seconds:g}"})
        self._came = anyio.Event()
        given, self._given = self._given, None
        return given

    def answered(self) -> None:
        """The page sends the next frame when it likes to."""

    def close(self) -> None:
        """Nothing is held."""


class NetworkSource:
    """Frames of a camera that the server reads, as many as the page says that it has shown."""

    def __init__(self, camera: CameraSession, settings: Settings, name: str) -> None:
        """name: one of `settings.cameras`. It is called when the first frame is wanted."""
        self._camera = camera
        self._seconds = settings.stream_idle_s
        self._limits = VideoLimits.of(settings)
        self._address = settings.cameras[name]
        self._remote: NetworkCamera | None = None
        self._unseen = 0
        self._seen = anyio.Event()

    async def next(self) -> PendingFrame:
        """The newest frame. Raises Over where the page shows none, or the camera gives none."""
        with anyio.move_on_after(self._seconds):
            while self._unseen >= AHEAD:
                self._seen = anyio.Event()
                await self._seen.wait()
        if self._unseen >= AHEAD:
            raise StreamEnded("live_unseen", {"seconds": f"{self._seconds:g}"})
        if self._remote is None:
            self._remote = NetworkCamera(self._address, self._limits)
        try:
            # Who leaves does not wait for the camera; closing it wakes the thread.
            taken = await run_sync(self._remote.newest, abandon_on_cancel=True)
        except DemoError as fault:
            raise StreamEnded(fault.key, fault.fields) from None
        look = partial(self._camera.look, taken.rgb, taken.decode_ms)
        return PendingFrame(taken.number, taken.came, taken.replaced, look)

    def answered(self) -> None:
        """Something about a frame has gone to the page."""
        self._unseen += 1

    def seen(self) -> None:
        """The page has shown something about a frame."""
        self._unseen = max(self._unseen - 1, 0)
        self._seen.set()

    def close(self) -> None:
        """Hang up."""
        if self._remote is not None:
            self._remote.close()
