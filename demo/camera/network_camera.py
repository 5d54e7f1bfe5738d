"""A camera of the owner's, read by the server itself: its newest frame, and no older ones."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from demo.camera import connection
from demo.errors import DemoError
from demo.results import Image
from demo.video.limits import VideoLimits
from demo.video.reader import CODECS, guessed_colours

LONGEST = 640
"""Pixels of the longest side of a frame, as the browsers' own are."""
PATIENCE_S = 8.0
"""For one frame: longer than opening and reading may take, which end with better sentences."""
THREAD = "owner's camera"


@dataclass(frozen=True, slots=True, eq=False)
class CapturedFrame:
    """One frame: its number from 1, H×W×3 uint8 RGB, when it was decoded (perf_counter).

    replaced: how many before it were dropped for newer ones. decode_ms: reading its pixels.
    """

    number: int
    rgb: Image
    came: float
    replaced: int
    decode_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    number: int
    frame: VideoFrame
    came: float
    decode_ms: float


class NetworkCamera:
    """Reads one camera for one visitor in a thread of its own, from now until it is closed."""

    def __init__(self, address: str, limits: VideoLimits) -> None:
        self._address = address
        self._limits = limits
        self._line = connection.Connection()
        self._news = threading.Condition()
        self._waiting: _Decoded | None = None
        self._over: DemoError | None = None
        self._number = self._given = 0
        self._colours = VideoReformatter()
        threading.Thread(target=self._read, name=THREAD, daemon=True).start()

    def newest(self) -> CapturedFrame:
        """The newest frame, none of them twice; waits for it, and is not to be asked by two.

        Raises DemoError where the camera cannot be reached or read, or has ended.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._over, PATIENCE_S)
            decoded, self._waiting = self._waiting, None
            if decoded is None:
                silent = DemoError("live_source_over" if self._number else "live_source_kind")
                raise self._over or silent
        start = time.perf_counter()
        rgb = self._reduced(decoded.frame)
        spent = decoded.decode_ms + (time.perf_counter() - start) * 1000
        self._given += 1
        replaced = decoded.number - self._given
        return CapturedFrame(decoded.number, rgb, decoded.came, replaced, spent)

    def close(self) -> None:
        """Hang up, at once and without waiting for the thread; whoever waits is woken."""
        self._line.hang_up()
        self._end(DemoError("live_source_over"))

    def _read(self) -> None:
        try:
            with connection.opened(self._address, self._line) as container:
                self._watch(container)
            over = DemoError("live_source_over")
        except DemoError as fault:
            over = fault
        except connection.FAULTS:
            over = DemoError("live_source_over" if self._number else "live_source_dead")
        self._end(over)

    def _end(self, over: DemoError) -> None:
        with self._news:
            self._over = self._over or over
            self._news.notify_all()

    def _watch(self, container: InputContainer) -> None:
        stream = _pictures(container)
        # The decoder refuses such frames too, but does not say why.
        self._limits.check_size((stream.width, stream.height))
        stream.codec_context.options = {"max_pixels": str(self._limits.max_pixels)}
        # Threads that share a frame; those that take one each would hold back as many.
        stream.thread_type = "SLICE"
        for packet in self._packets(container, stream):
            start = time.perf_counter()
            try:
                frames = stream.codec_context.decode(packet)
            except (av.FFmpegError, ValueError):
                # Cameras lose packets, and begin in the middle; what can be seen is shown.
                continue
            for frame in frames:
                self._limits.check_size((frame.width, frame.height))
                self._show(frame, start)

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator["Packet[VideoStream]"]:
        """What comes, until the end or until nobody looks any more."""
        heard = time.monotonic()
        while not self._line.over():
            try:
                for packet in container.demux(stream):
                    if self._line.over():
                        return
                    heard = time.monotonic()
                    yield packet
                return
            except av.error.ExitError:
                if time.monotonic() - heard > connection.READ_S:
                    raise

    def _show(self, frame: VideoFrame, start: float) -> None:
        now = time.perf_counter()
        self._number += 1
        with self._news:
            self._waiting = _Decoded(self._number, frame, now, (now - start) * 1000)
            self._news.notify_all()

    def _reduced(self, frame: VideoFrame) -> Image:
        scale = min(LONGEST / max(frame.width, frame.height), 1)
        plain = self._colours.reformat(
            frame,
            max(round(frame.width * scale), 1),
            max(round(frame.height * scale), 1),
            "rgb24",
            src_colorspace=guessed_colours(frame),
            interpolation=Interpolation.AREA,
            threads=1,
        )
        return np.ascontiguousarray(plain.to_ndarray(), np.uint8)


def _pictures(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        context = stream.codec_context
        if context is not None and context.name in CODECS:
            return stream
    raise DemoError("live_source_kind")
