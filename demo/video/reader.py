"""Reading a video as upright RGB frames with their presentation times."""

import logging
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from demo.errors import DemoError
from demo.images.convert import Note
from demo.results import Image
from demo.video.color_mapping import ColorMapper
from demo.video.colors import Colors, assumed_colorspace, needs_mapping, notes_about, unreadable
from demo.video.container import open_container, packets_until_error
from demo.video.limits import VideoLimits
from demo.video.orientation import Orientation
from demo.video.tracks import codec_name, readable_track, sound_tracks, video_tracks

_MIN_FPS, _MAX_FPS = Fraction(1, 3600), Fraction(240)
"""Range of the frame rate; a container may claim any."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: number from 0, H×W×3 uint8 RGB.

    pts: when it appears, and duration: for how long, at least 1; units of `Video.time_base`.
    """

    index: int
    pts: int
    duration: int
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
        colors: what an output of the same colours states.
        notes: what an output in H.264 cannot carry, and what else is not as in the file.
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
        tracks = video_tracks(container)
        self._stream = readable_track(tracks)
        self._stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
        self._stream.thread_type = "AUTO"
        self.start_s = Fraction(max(container.start_time or 0, 0), av.time_base)
        self.time_base: Fraction = self._stream.time_base or Fraction(1, 90_000)
        self.rate = _rate(self._stream)
        self.seconds = (container.duration or 0) / av.time_base
        limits.check_length(self.seconds)
        limits.check_size((self._stream.width, self._stream.height))
        self.expected_frames = self._stream.frames or round(self.seconds * self.rate)
        self.has_audio = bool(sound_tracks(container))
        self.broken_packets = 0
        self._reformatter = VideoReformatter()
        self._color_mapper = ColorMapper()
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise DemoError("video_broken" if self.broken_packets else "video_no_frames")
        self._first: VideoFrame | None = first
        assumed_colorspace(first)
        self.colors = Colors.of(first)
        # WebM keeps it apart from the frames, as data that the decoders pass over.
        alpha = self._stream.metadata.get("alpha_mode") == "1"
        self.notes: list[Note] = notes_about(codec_name(self._stream), first, alpha)
        if self._stream is not tracks[0]:
            codec = codec_name(tracks[0]) or "?"
            self.notes.append(Note("video_note_other_track", {"codec": codec}))
        self._orientation = Orientation.of(first)
        self._stored_wh = (first.width, first.height)
        swap, shape = self._orientation.swap, self._stream.sample_aspect_ratio or Fraction(1)
        self.size_wh = self._stored_wh[::-1] if swap else self._stored_wh
        self.pixel_shape = 1 / shape if swap else shape

    def frames(self) -> Iterator[Frame]:
        """The frames in presentation order, with strictly rising times.

        Raises:
            DemoError: where the video continues beyond the limits.
        """
        timed = self._timed()
        index, now = 0, next(timed, None)
        while now is not None:
            frame, pts = now
            now = next(timed, None)
            duration = self._last_duration(frame, pts) if now is None else now[1] - pts
            yield Frame(index, pts, duration, self._upright(frame))
            index += 1

    def close(self) -> None:
        """Leave what is costly to make to the next video."""
        self._color_mapper.close()

    def _timed(self) -> Iterator[tuple[VideoFrame, int]]:
        last = None
        first, self._first = self._first, None
        for count, frame in enumerate(_chain(first, self._decoded), 1):
            pts = self._pts(frame, last)
            self._limits.check_length(float(pts * self.time_base), count)
            yield frame, pts
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
        if frame.pts is None:
            return 0 if last is None else last + self._step()
        unit = frame.time_base or self.time_base
        pts = round((frame.pts * unit - self.start_s) / self.time_base)
        return pts if last is None or pts > last else last + 1

    def _last_duration(self, frame: VideoFrame, pts: int) -> int:
        """How long the last frame stays: nothing follows it whose time would say so.

        By the track's own end where that is stated. The frame's own duration is that of its packet,
        which MP4 counts from the packet decoded next and not from the frame shown next. A WebM file
        states the end of all tracks together. A damaged video may have lost frames before its end,
        and one that was cut without re-encoding may state an end before its last frame.
        """
        stream, container, base = self._stream, self._container, self.time_base
        own = frame.duration * (frame.time_base or base) / base or Fraction(self._step())
        duration = Fraction(0)
        if not self.broken_packets and stream.duration:
            duration = (stream.start_time or 0) + stream.duration - self.start_s / base - pts
        elif not self.broken_packets and container.duration and len(container.streams) == 1:
            end_s = Fraction(container.duration, av.time_base) - self.start_s
            duration = max(end_s / base - pts, own)
        units = max(round(duration if duration > 0 else own), 1)
        self._limits.check_length(float((pts + units) * base))
        return units

    def _step(self) -> int:
        return max(round(1 / (self.rate * self.time_base)), 1)

    def _upright(self, frame: VideoFrame) -> Image:
        self._limits.check_size((frame.width, frame.height))
        try:
            converted = self._to_rgb(frame)
        except av.FFmpegError:
            raise unreadable(frame) from None
        return self._orientation.apply(np.asarray(converted.to_ndarray(), np.uint8))

    def _to_rgb(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._stored_wh
        colorspace = assumed_colorspace(frame)
        if needs_mapping(frame):
            return self._color_mapper.to_rgb(frame, width, height)
        return self._reformatter.reformat(
            frame, width, height, "rgb24", src_colorspace=colorspace, threads=1
        )


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
            resources.callback(video.close)
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


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second, between _MIN_FPS and _MAX_FPS."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return min(max(rate, _MIN_FPS), _MAX_FPS)


def _chain(first: VideoFrame | None, others: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    if first is not None:
        yield first
    yield from others
