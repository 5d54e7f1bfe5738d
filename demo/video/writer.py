"""Writing annotated frames and the original audio as an H.264 MP4 for every browser."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.frame import VideoFrame

from demo.errors import DemoError
from demo.images.convert import Note
from demo.system import cores
from demo.video.atomic_file import AtomicFile
from demo.video.audio import AudioTrack, ways_to_write
from demo.video.container import open_container
from demo.video.reader import Frame, Video
from demo.video.tracks import sound_tracks


class Writer:
    """Writes to a temporary file: `write` each frame, `finish` and `commit`, or `discard`.

    Odd sides are padded to even ones for H.264 in 4:2:0 by repeating the last column or row, so
    that nothing is cropped and coordinates stay valid.
    """

    def __init__(self, target: Path, video: Video, source: Path) -> None:
        """Open the output.

        Args:
            target: the MP4 file.
            video: the input, for its size, times, rate and colours.
            source: the input's file, for its audio.

        Raises:
            DemoError: where the target cannot be written or is the source.
        """
        self._video = video
        self._resources = ExitStack()
        self._end_s = 0.0
        self._audio: AudioTrack | None = None
        self._audio_note = ""
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

    @property
    def notes(self) -> Sequence[Note]:
        """What became of the audio where it is not that of the input; known after `finish`."""
        return [Note(self._audio_note)] if self._audio_note else []

    def write(self, frame: Frame) -> None:
        """Append a frame of the video's size, with its times. Raises DemoError for a full disk."""
        self._end_s = float((frame.pts + frame.duration) * self._video.time_base)
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
        """Flush the encoder and close the file, after which a full disk is no danger any more.

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
                if whole and self._audio.unreadable:
                    self._audio_note = "video_note_silent"
            self._output.mux(self._stream.encode(None))
            self._output.close()
            self._resources.close()
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise self._file.error_for(error) from None

    def commit(self) -> None:
        """Move the finished file to its target. Raises DemoError where it cannot be moved."""
        try:
            self._file.commit()
        except OSError as error:
            self.discard()
            raise self._file.error_for(error) from None

    def discard(self) -> None:
        """Delete the temporary file; no effect after `commit`."""
        with suppress(av.FFmpegError, OSError):
            self._resources.close()
        self._file.discard()

    def _open(self, source: Path) -> None:
        """Open the output with the first audio track that it can hold, else without audio."""
        if self._video.has_audio:
            container = self._resources.enter_context(open_container(source))
            tracks = sound_tracks(container)
            for track, copied in ((one, way) for one in tracks for way in ways_to_write(one)):
                output = self._open_output()
                audio = AudioTrack(container, track, output, self._video.start_s, copied)
                if self._start(output):
                    self._audio = audio
                    self._audio_note = "" if track is tracks[0] else "video_note_other_sound"
                    return
            self._audio_note = "video_note_silent"
        self._open_output().start_encoding()

    def _start(self, output: OutputContainer) -> bool:
        """Write the header of the output; False where MP4 cannot hold its audio track."""
        try:
            output.start_encoding()
        except (av.ArgumentError, av.InvalidDataError, av.PatchWelcomeError, ValueError):
            with suppress(av.FFmpegError, OSError):
                output.close()
            return False
        return True

    def _open_output(self) -> OutputContainer:
        """Open the file again, with a video track and no other."""
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
        context.flags |= Flags.frame_duration
        context.sample_aspect_ratio = video.pixel_shape
        colors = video.colors
        context.colorspace, context.color_primaries = colors.matrix, colors.primaries
        context.color_trc, context.color_range = colors.transfer, colors.range
        return self._output

    def _to_yuv(self, frame: Frame) -> VideoFrame:
        height, width = frame.rgb.shape[:2]
        rgb = frame.rgb
        if width % 2 or height % 2:
            border = cv2.BORDER_REPLICATE
            padded = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, border)
            rgb = np.asarray(padded, np.uint8)
        converted = VideoFrame.from_ndarray(rgb, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._video.colors.colorspace,
            dst_color_range=self._video.colors.range,
            threads=1,
        )
        converted.pts, converted.duration = frame.pts, frame.duration
        converted.time_base = self._video.time_base
        return converted


def _x264() -> dict[str, str]:
    # A short look-ahead: forty frames of 4K would take half a gigabyte. No B-frames: MP4 states
    # durations in the order of decoding, which has to be that of the frames to be theirs.
    return {
        "preset": "veryfast",
        "crf": "23",
        "bf": "0",
        "rc-lookahead": "10",
        "threads": str(min(cores(), 4)),
    }
