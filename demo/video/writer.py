"""Annotated frames and the original sound as an H.264 MP4 that every browser plays."""

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from demo.errors import DemoError
from demo.system import cores
from demo.video.atomic_file import AtomicFile
from demo.video.audio import AudioTrack
from demo.video.container import opened
from demo.video.reader import Frame, Video

_HD_HEIGHT = 720
_BT709, _BT601 = 1, 6
"""AVCOL_SPC_BT709 and AVCOL_SPC_SMPTE170M."""


class Writer:
    """Writes beside the goal under another name and moves the whole film there at the end.

    Sides are padded to even numbers, as H.264 in 4:2:0 wants them: the last column or row doubled,
    so that nothing is cut away and every coordinate stays what it was.
    """

    def __init__(self, goal: Path, film: Video, source: Path) -> None:
        """film: gives size, times and rate. source: where its sound is. Raises DemoError."""
        self._film = film
        self._held = ExitStack()
        self._end_s = 0.0
        self.frames = 0
        if goal.exists() and source.exists() and goal.samefile(source):
            raise DemoError("video_same_file", name=goal.name)
        self._part = AtomicFile(goal)
        try:
            self._open(source)
        except (av.FFmpegError, OSError, ValueError) as problem:
            self.discard()
            raise self._part.sentence(problem) from None
        except DemoError:
            self.discard()
            raise

    def write(self, frame: Frame) -> None:
        """Add a frame of the film's size; its time is kept. Raises DemoError for a full disk."""
        self._end_s = float((frame.pts + 1) * self._film.time_base)
        try:
            picture = self._picture(frame)
            if self._sound is not None:
                self._sound.write(self._end_s)
            self._output.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as problem:
            self.discard()
            raise self._part.sentence(problem) from None
        self.frames += 1

    def finish(self, whole: bool = True) -> None:
        """Write what is left and move the film to its place.

        whole: the film has come to its end, so that its sound is written to the end as well.
        Raises DemoError where no frame was written, or the disk is full; then nothing is left.
        """
        if not self.frames:
            self.discard()
            raise DemoError("video_stopped_early")
        try:
            if self._sound is not None:
                self._sound.write(float("inf") if whole else self._end_s)
            self._output.mux(self._stream.encode(None))
            self._output.close()
            self._held.close()
            self._part.place()
        except (av.FFmpegError, OSError) as problem:
            self.discard()
            raise self._part.sentence(problem) from None

    def discard(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        with suppress(av.FFmpegError, OSError):
            self._held.close()
        self._part.drop()

    def _open(self, source: Path) -> None:
        # `file:` so that no part of a name is taken for a protocol.
        self._output = self._held.enter_context(
            av.open(
                f"file:{self._part.path.absolute()}",
                "w",
                format="mp4",
                container_options={"movflags": "+faststart"},
            )
        )
        film, (width, height) = self._film, self._film.size_wh
        self._stream: Any = self._output.add_stream("libx264", rate=film.rate, options=_x264())
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = film.time_base
        context.sample_aspect_ratio = film.pixel_shape
        hd = min(width, height) >= _HD_HEIGHT
        self._colours = Colorspace.ITU709 if hd else Colorspace.ITU601
        context.colorspace = context.color_primaries = context.color_trc = _BT709 if hd else _BT601
        context.color_range = ColorRange.MPEG
        self._sound = None
        if film.has_sound:
            container = self._held.enter_context(opened(source))
            self._sound = AudioTrack(container, self._output, film.start_s)

    def _picture(self, frame: Frame) -> VideoFrame:
        height, width = frame.rgb.shape[:2]
        rgb = frame.rgb
        if width % 2 or height % 2:
            edge = cv2.BORDER_REPLICATE
            rgb = np.asarray(cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, edge), np.uint8)
        picture = VideoFrame.from_ndarray(rgb, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._colours,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        picture.pts, picture.time_base = frame.pts, self._film.time_base
        return picture


def _x264() -> dict[str, str]:
    # A short look-ahead: forty frames of 4K would take half a gigabyte.
    return {
        "preset": "veryfast",
        "crf": "23",
        "rc-lookahead": "10",
        "threads": str(min(cores(), 4)),
    }
