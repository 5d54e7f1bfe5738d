"""Reading a video as upright RGB frames with their presentation times."""

import logging
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.results import Image
from demo.video.container import open_container, packets_until_error
from demo.video.limits import VideoLimits

CODECS = {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores"}
"""Codecs of cameras, phones and browsers; the other decoders of FFmpeg are unreachable."""
_UNTAGGED = 2
"""AVCOL_SPC_UNSPECIFIED."""
_HD_HEIGHT = 720
_MIN_FPS, _MAX_FPS = 1, 240
"""Range of the frame rate; a container may claim any."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: number from 0, time in units of `Video.time_base`, H×W×3 uint8 RGB."""

    index: int
    pts: int
    rgb: Image


class Video:
    """An open video; its frames can be read once.

    Attributes:
        start_s: time in the container of the video's start, seconds.
        time_base: unit of the frames' times, seconds.
        rate: frames a second.
        seconds: length as the container states it, 0 where it does not.
        expected_frames: number of frames as the container states it, 0 where it does not.
        has_audio: whether there is an audio track.
        size_wh: of the upright frames, pixels.
        pixel_shape: width by height of an upright pixel.
        broken_packets: packets so far that could not be decoded.
    """

    def __init__(self, container: InputContainer, limits: VideoLimits) -> None:
        """Decode the first frame, which alone is reliable about size and rotation.

        Raises:
            DemoError: for a video beyond the limits, without frames, or in an unknown codec.
        """
        self._container = container
        self._limits = limits
        self._stream = _stream(container)
        self._stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
        self._stream.thread_type = "AUTO"
        self.start_s = Fraction(max(container.start_time or 0, 0), av.time_base)
        self.time_base: Fraction = self._stream.time_base or Fraction(1, 90_000)
        self.rate = _rate(self._stream)
        self.seconds = (container.duration or 0) / av.time_base
        limits.check_length(self.seconds)
        limits.check_size((self._stream.width, self._stream.height))
        self.expected_frames = self._stream.frames or round(self.seconds * self.rate)
        self.has_audio = bool(container.streams.audio)
        self.broken_packets = 0
        self._reformatter = VideoReformatter()
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise DemoError("video_broken" if self.broken_packets else "video_no_frames")
        self._first: VideoFrame | None = first
        self._rotation = _rotation(first)
        self._stored_wh = (first.width, first.height)
        self.size_wh = self._stored_wh[::-1] if self._rotation[0] else self._stored_wh
        shape = self._stream.sample_aspect_ratio or Fraction(1)
        self.pixel_shape = 1 / shape if self._rotation[0] and shape else shape or Fraction(1)

    def frames(self) -> Iterator[Frame]:
        """The frames in presentation order, with strictly rising times.

        Raises:
            DemoError: where the video continues beyond the limits.
        """
        last = None
        first, self._first = self._first, None
        for index, frame in enumerate(_chain(first, self._decoded)):
            pts = self._pts(frame, last)
            self._limits.check_length(float(pts * self.time_base), index + 1)
            yield Frame(index, pts, self._upright(frame))
            last = pts

    def _decode(self) -> Iterator[VideoFrame]:
        for packet in packets_until_error(self._container.demux(self._stream)):
            self.broken_packets += packet is None
            try:
                complete = packet is not None and packet.size
                frames = self._stream.codec_context.decode(packet if complete else None)
            except (av.FFmpegError, ValueError) as error:
                # Recordings of cameras hold single damaged packets; the other frames are kept.
                self.broken_packets += 1
                _log.debug("damaged packet: %s", type(error).__name__)
                continue
            yield from frames

    def _pts(self, frame: VideoFrame, last: int | None) -> int:
        step = max(round(1 / (self.rate * self.time_base)), 1)
        if frame.pts is None:
            return 0 if last is None else last + step
        unit = frame.time_base or self.time_base
        pts = round((frame.pts * unit - self.start_s) / self.time_base)
        return pts if last is None or pts > last else last + 1

    def _upright(self, frame: VideoFrame) -> Image:
        self._limits.check_size((frame.width, frame.height))
        width, height = self._stored_wh
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=assumed_colorspace(frame),
            threads=1,
        )
        pixels: NDArray[np.uint8] = np.asarray(converted.to_ndarray(), np.uint8)
        swap, flip_x, flip_y = self._rotation
        if swap:
            pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        if flip_x or flip_y:
            axes = (-1 if flip_y else 1) if flip_x else 0
            pixels = np.asarray(cv2.flip(pixels, axes), np.uint8)
        return np.ascontiguousarray(pixels)


def assumed_colorspace(frame: VideoFrame) -> Colorspace | None:
    """The colour space that players assume for an untagged frame; None for a tagged one."""
    if frame.colorspace != _UNTAGGED:
        return None
    hd = min(frame.width, frame.height) >= _HD_HEIGHT
    return Colorspace.ITU709 if hd else Colorspace.ITU601


@contextmanager
def open_video(path: Path, limits: VideoLimits) -> Iterator[Video]:
    """Open a video file for the block.

    Raises:
        DemoError: for a file that is missing, beyond the limits, of another kind, damaged,
            truncated, without frames, or in a codec that is not read.
    """
    with ExitStack() as resources:
        try:
            _check_file(path, limits)
            video = Video(resources.enter_context(open_container(path)), limits)
        except DemoError as error:
            _log.info("refused a video: %s", error.key)
            raise
        yield video


def _check_file(path: Path, limits: VideoLimits) -> None:
    try:
        facts = path.stat()
    except OSError:
        raise DemoError("video_missing", name=path.name) from None
    # Opening a pipe would block until somebody writes to it.
    if not stat.S_ISREG(facts.st_mode):
        raise DemoError("video_missing", name=path.name)
    limits.check_file(facts.st_size)


def _stream(container: InputContainer) -> VideoStream:
    streams = [one for one in container.streams.video if not one.disposition & _COVER]
    if not streams:
        raise DemoError("video_only_sound" if container.streams.audio else "video_no_frames")
    context = streams[0].codec_context
    name = context.name if context is not None else "?"
    if name not in CODECS:
        raise DemoError("video_codec", codec=name)
    return streams[0]


_COVER = av.stream.Disposition.attached_pic


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second, between _MIN_FPS and _MAX_FPS."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return min(max(Fraction(rate), Fraction(_MIN_FPS)), Fraction(_MAX_FPS))


def _rotation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """Steps that make a stored frame upright: swap x and y, then flip x, then flip y.

    From the display matrix (ISO/IEC 14496-12, 6.2.2): x′ = ax + cy, y′ = bx + dy.
    """
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _chain(first: VideoFrame | None, others: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    if first is not None:
        yield first
    yield from others
