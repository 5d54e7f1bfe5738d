"""A network camera that the server reads by itself: always its newest frame."""

import logging
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
from demo.video.colors import assumed_colorspace
from demo.video.limits import VideoLimits
from demo.video.tracks import CODECS, by_preference, codec_name

MAX_SIDE = 640
"""Longest side of a frame, pixels, as of those that browsers send."""
FRAME_TIMEOUT_S = 8.0
"""Longer than opening and reading may take, whose own timeouts give better sentences."""
THREAD_NAME = "network-camera"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class CapturedFrame:
    """One frame.

    Attributes:
        number: from 1.
        rgb: H×W×3 uint8 RGB.
        captured_at: time.perf_counter() when it was decoded.
        dropped: frames before it that newer ones have replaced.
        decode_ms: time to decode and convert it.
    """

    number: int
    rgb: Image
    captured_at: float
    dropped: int
    decode_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class _DecodedFrame:
    number: int
    frame: VideoFrame
    decoded_at: float
    decode_ms: float


class NetworkCamera:
    """Reads one camera for one visitor, in a thread of its own, until it is closed."""

    def __init__(self, address: str, limits: VideoLimits) -> None:
        """Start to connect; limits: the size of a frame."""
        self._address = address
        self._limits = limits
        self._connection = connection.Connection()
        self._changed = threading.Condition()
        self._newest: _DecodedFrame | None = None
        self._end: DemoError | None = None
        self._decoded = self._taken = 0
        self._reformatter = VideoReformatter()
        threading.Thread(target=self._run, name=THREAD_NAME, daemon=True).start()

    def newest(self) -> CapturedFrame:
        """The newest frame, each at most once; blocks until there is one. For one caller only.

        Raises:
            DemoError: where the camera cannot be reached or read, or its stream has ended.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._end, FRAME_TIMEOUT_S)
            decoded, self._newest = self._newest, None
            if decoded is None:
                timeout = DemoError("live_source_over" if self._decoded else "live_source_kind")
                raise self._end or timeout
        start = time.perf_counter()
        rgb = self._to_rgb(decoded.frame)
        decode_ms = decoded.decode_ms + (time.perf_counter() - start) * 1000
        self._taken += 1
        dropped = decoded.number - self._taken
        return CapturedFrame(decoded.number, rgb, decoded.decoded_at, dropped, decode_ms)

    def close(self) -> None:
        """Disconnect without waiting for the thread; a blocked `newest` raises at once."""
        self._connection.close()
        self._finish(DemoError("live_source_over"))

    def _run(self) -> None:
        end: DemoError | None = None
        try:
            end = self._read()
        finally:
            if end is None:
                _log.error("the reader of a network camera died")
            self._finish(end or DemoError("live_source_over"))

    def _read(self) -> DemoError:
        """Decode until the stream ends; the reason for the visitor."""
        try:
            with connection.open_stream(self._address, self._connection) as container:
                self._decode(container)
        except DemoError as error:
            return error
        except connection.ERRORS as error:
            # The text of the error may contain the address.
            if not self._connection.is_closed():
                _log.info("network camera: %s", type(error).__name__)
            return DemoError("live_source_over" if self._decoded else "live_source_dead")
        return DemoError("live_source_over")

    def _finish(self, end: DemoError) -> None:
        with self._changed:
            self._end = self._end or end
            self._changed.notify_all()

    def _decode(self, container: InputContainer) -> None:
        stream = _video_stream(container)
        # The decoder refuses such frames too, but does not say why.
        self._limits.check_size((stream.width, stream.height))
        stream.codec_context.options = {"max_pixels": str(self._limits.max_pixels)}
        # Threads that share a frame; one thread a frame would delay by as many frames.
        stream.thread_type = "SLICE"
        for packet in self._packets(container, stream):
            start = time.perf_counter()
            try:
                frames = stream.codec_context.decode(packet)
            except (av.FFmpegError, ValueError) as error:
                # Cameras lose packets and begin in the middle; the readable frames are shown.
                _log.debug("network camera: damaged packet, %s", type(error).__name__)
                continue
            for frame in frames:
                self._limits.check_size((frame.width, frame.height))
                self._publish(frame, start)

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator["Packet[VideoStream]"]:
        """Packets until the stream ends or the connection is closed."""
        last_s = time.monotonic()
        while not self._connection.is_closed():
            try:
                for packet in container.demux(stream):
                    if self._connection.is_closed():
                        return
                    last_s = time.monotonic()
                    yield packet
                return
            except av.error.ExitError:
                if time.monotonic() - last_s > connection.READ_S:
                    raise

    def _publish(self, frame: VideoFrame, start: float) -> None:
        now = time.perf_counter()
        self._decoded += 1
        with self._changed:
            self._newest = _DecodedFrame(self._decoded, frame, now, (now - start) * 1000)
            self._changed.notify_all()

    def _to_rgb(self, frame: VideoFrame) -> Image:
        scale = min(MAX_SIDE / max(frame.width, frame.height), 1)
        converted = self._reformatter.reformat(
            frame,
            max(round(frame.width * scale), 1),
            max(round(frame.height * scale), 1),
            "rgb24",
            src_colorspace=assumed_colorspace(frame),
            interpolation=Interpolation.AREA,
            threads=1,
        )
        return np.ascontiguousarray(converted.to_ndarray(), np.uint8)


def _video_stream(container: InputContainer) -> VideoStream:
    for stream in by_preference(container.streams.video):
        if codec_name(stream) in CODECS:
            return stream
    raise DemoError("live_source_kind")
