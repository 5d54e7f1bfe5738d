"""A video as upright RGB frames with their own times."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
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
from demo.video.container import opened, readable
from demo.video.limits import VideoLimits

CODECS = {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores"}
"""What cameras, phones and browsers write; the other decoders of FFmpeg are never reached."""
_UNTAGGED = 2
"""AVCOL_SPC_UNSPECIFIED."""
_HD_HEIGHT = 720


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: its number from 0, its time in units of `Video.time_base`, H×W×3 uint8 RGB."""

    index: int
    pts: int
    rgb: Image


class Video:
    """An open video: its facts, and its frames once."""

    def __init__(self, container: InputContainer, limits: VideoLimits) -> None:
        """Decodes the first frame: only it tells the size and the rotation for certain."""
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
        self.frames_about = self._stream.frames or round(self.seconds * self.rate)
        self.has_sound = bool(container.streams.audio)
        self.broken_packets = 0
        self._colours = VideoReformatter()
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise DemoError("video_broken" if self.broken_packets else "video_no_frames")
        self._first: VideoFrame | None = first
        self._turn = _turn(first)
        self._stored_wh = (first.width, first.height)
        self.size_wh = self._stored_wh[::-1] if self._turn[0] else self._stored_wh
        shape = self._stream.sample_aspect_ratio or Fraction(1)
        self.pixel_shape = 1 / shape if self._turn[0] and shape else shape or Fraction(1)

    def frames(self) -> Iterator[Frame]:
        """Every frame in the order of showing, its time above that of the one before.

        Raises DemoError where the film goes on beyond the limits.
        """
        last = None
        first, self._first = self._first, None
        for index, frame in enumerate(_chain(first, self._decoded)):
            pts = self._pts(frame, last)
            self._limits.check_length(float(pts * self.time_base), index + 1)
            yield Frame(index, pts, self._upright(frame))
            last = pts

    def _decode(self) -> Iterator[VideoFrame]:
        for packet in readable(self._container.demux(self._stream)):
            self.broken_packets += packet is None
            try:
                whole = packet is not None and packet.size
                frames = self._stream.codec_context.decode(packet if whole else None)
            except (av.FFmpegError, ValueError):
                # Films of cameras hold single broken packets; what can be seen is shown.
                self.broken_packets += 1
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
        plain = self._colours.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=guessed_colours(frame),
            threads=1,
        )
        pixels: NDArray[np.uint8] = np.asarray(plain.to_ndarray(), np.uint8)
        swap, flip_x, flip_y = self._turn
        if swap:
            pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        if flip_x or flip_y:
            axes = (-1 if flip_y else 1) if flip_x else 0
            pixels = np.asarray(cv2.flip(pixels, axes), np.uint8)
        return np.ascontiguousarray(pixels)


def guessed_colours(frame: VideoFrame) -> Colorspace | None:
    """What players take for granted where a frame is not tagged; None where it is."""
    if frame.colorspace != _UNTAGGED:
        return None
    hd = min(frame.width, frame.height) >= _HD_HEIGHT
    return Colorspace.ITU709 if hd else Colorspace.ITU601


@contextmanager
def video(path: Path, limits: VideoLimits) -> Iterator[Video]:
    """The video at `path`, open for the length of the block.

    Raises DemoError for a file beyond the limits, of another kind, broken, truncated, without
    pictures, or in a coding that cannot be read.
    """
    try:
        facts = path.stat()
    except OSError:
        raise DemoError("video_missing", name=path.name) from None
    # A pipe would be waited for, for ever.
    if not stat.S_ISREG(facts.st_mode):
        raise DemoError("video_missing", name=path.name)
    limits.check_file(facts.st_size)
    with opened(path) as container:
        yield Video(container, limits)


def _stream(container: InputContainer) -> VideoStream:
    films = [one for one in container.streams.video if not one.disposition & _COVER]
    if not films:
        raise DemoError("video_only_sound" if container.streams.audio else "video_no_frames")
    context = films[0].codec_context
    name = context.name if context is not None else "?"
    if name not in CODECS:
        raise DemoError("video_codec", codec=name)
    return films[0]


_COVER = av.stream.Disposition.attached_pic


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second, in 1–240: a container may claim anything."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return min(max(Fraction(rate), Fraction(1)), Fraction(240))


def _turn(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """How a stored frame becomes upright: swap x and y, then flip x, then flip y.

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
