"""Writing annotated frames and the original audio as an H.264 MP4 for every browser."""

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
from demo.video.container import open_container
from demo.video.reader import Frame, Video

_HD_HEIGHT = 720
_BT709, _BT601 = 1, 6
"""AVCOL_SPC_BT709 and AVCOL_SPC_SMPTE170M."""


class Writer:
    """Writes to a temporary file, which `finish` moves to its target.

    Odd sides are padded to even ones for H.264 in 4:2:0 by repeating the last column or row, so
    that nothing is cropped and coordinates stay valid.
    """

    def __init__(self, target: Path, video: Video, source: Path) -> None:
        """Open the output.

        Args:
            target: the MP4 file.
            video: the input, for its size, times and rate.
            source: the input's file, for its audio.

        Raises:
            DemoError: where the target cannot be written or is the source, or the audio is
                unreadable.
        """
        self._video = video
        self._resources = ExitStack()
        self._end_s = 0.0
        self.frames = 0
        if target.exists() and source.exists() and target.samefile(source):
            raise DemoError("video_same_file", name=target.name)
        self._file = AtomicFile(target)
        try:
            self._open(source)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.discard()
            raise self._file.error_for(error) from None
        except DemoError:
            self.discard()
            raise

    def write(self, frame: Frame) -> None:
        """Append a frame of the video's size, with its time. Raises DemoError for a full disk."""
        self._end_s = float((frame.pts + 1) * self._video.time_base)
        try:
            encodable = self._to_yuv(frame)
            if self._audio is not None:
                self._audio.write(self._end_s)
            self._output.mux(self._stream.encode(encodable))
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise self._file.error_for(error) from None
        self.frames += 1

    def finish(self, whole: bool = True) -> None:
        """Flush the encoder and move the file to its target.

        Args:
            whole: the video was written to its end, so that its audio is as well.

        Raises:
            DemoError: where no frame was written or the disk is full; then nothing is left behind.
        """
        if not self.frames:
            self.discard()
            raise DemoError("video_stopped_early")
        try:
            if self._audio is not None:
                self._audio.write(float("inf") if whole else self._end_s)
            self._output.mux(self._stream.encode(None))
            self._output.close()
            self._resources.close()
            self._file.commit()
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise self._file.error_for(error) from None

    def discard(self) -> None:
        """Delete the temporary file; no effect after `finish`."""
        with suppress(av.FFmpegError, OSError):
            self._resources.close()
        self._file.discard()

    def _open(self, source: Path) -> None:
        # `file:` so that no part of a name is taken for a protocol.
        self._output = self._resources.enter_context(
            av.open(
                f"file:{self._file.path.absolute()}",
                "w",
                format="mp4",
                container_options={"movflags": "+faststart"},
            )
        )
        video, (width, height) = self._video, self._video.size_wh
        self._stream: Any = self._output.add_stream("libx264", rate=video.rate, options=_x264())
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = video.time_base
        context.sample_aspect_ratio = video.pixel_shape
        hd = min(width, height) >= _HD_HEIGHT
        self._colorspace = Colorspace.ITU709 if hd else Colorspace.ITU601
        context.colorspace = context.color_primaries = context.color_trc = _BT709 if hd else _BT601
        context.color_range = ColorRange.MPEG
        self._audio = None
        if video.has_audio:
            container = self._resources.enter_context(open_container(source))
            self._audio = AudioTrack(container, self._output, video.start_s)

    def _to_yuv(self, frame: Frame) -> VideoFrame:
        height, width = frame.rgb.shape[:2]
        rgb = frame.rgb
        if width % 2 or height % 2:
            border = cv2.BORDER_REPLICATE
            padded = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, border)
            rgb = np.asarray(padded, np.uint8)
        converted = VideoFrame.from_ndarray(rgb, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._colorspace,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        converted.pts, converted.time_base = frame.pts, self._video.time_base
        return converted


def _x264() -> dict[str, str]:
    # A short look-ahead: forty frames of 4K would take half a gigabyte.
    return {
        "preset": "veryfast",
        "crf": "23",
        "rc-lookahead": "10",
        "threads": str(min(cores(), 4)),
    }
