"""Small videos, encoded on demand."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from demo.results import Image

RATE = 10


def square(index: int, size_wh: tuple[int, int] = (64, 48)) -> Image:
    """A red square of 12 pixels on dark grey that moves by 2 pixels a frame."""
    width, height = size_wh
    picture = np.full((height, width, 3), 40, np.uint8)
    left = 2 + 2 * index % (width - 14)
    picture[10:22, left : left + 12] = (220, 20, 20)
    return picture


def tone(seconds: float, rate: int = 44_100) -> NDArray[np.float32]:
    """A tone of 440 Hz, 1×N float32."""
    times = np.arange(round(seconds * rate), dtype=np.float32) / rate
    return (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]


def encode(
    path: Path,
    pictures: Sequence[Image],
    times: Sequence[int] | None = None,
    rotation: int = 0,
    sound: str = "",
    form: str = "mp4",
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    movflags: str = "",
) -> Path:
    """Write a video of `pictures`.

    times: of the pictures, 1/1000 s. sound: codec of an audio track, "" for none.
    """
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=form, container_options=options) as output:
        video = output.add_stream(codec, rate=RATE)
        assert isinstance(video, av.VideoStream)
        height, width = pictures[0].shape[:2]
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        if codec == "libx264":
            video.options = {"crf": "10", "preset": "ultrafast"}
        video.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            video.set_display_rotation(rotation)
        audio: Any = None
        if sound:
            audio = output.add_stream(sound, rate=48_000 if sound == "libopus" else 44_100)
            audio.layout = "mono"
        for index, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = times[index] if times else index * 1000 // RATE
            frame.time_base = Fraction(1, 1000)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if audio is not None:
            sound_frame = AudioFrame.from_ndarray(tone(len(pictures) / RATE), "fltp", "mono")
            sound_frame.sample_rate, sound_frame.pts = 44_100, 0
            output.mux(audio.encode(sound_frame))
            output.mux(audio.encode(None))
    return path


def cut(source: Path, target: Path, frames: int) -> Path:
    """Copy the first packets of the first video track, without sound."""
    with (
        av.open(str(source)) as video,
        av.open(str(target), "w", format="mp4") as short,
    ):
        stream = short.add_stream_from_template(video.streams.video[0])
        for count, packet in enumerate(video.demux(video=0)):
            if count == frames or packet.dts is None:
                break
            packet.stream = stream
            short.mux(packet)
    return target


def shown(path: Path) -> list[tuple[float, Image]]:
    """Every frame as decoded by PyAV alone: its time in seconds and its RGB picture."""
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), np.asarray(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def red_box(picture: Image) -> tuple[int, int, int, int] | None:
    """The bounding box of all red pixels, xyxy; None without any."""
    red = (picture[..., 0] > 130) & (picture[..., 1] < 90) & (picture[..., 2] < 90)
    if not red.any():
        return None
    rows, columns = np.nonzero(red)
    return (
        int(columns.min()),
        int(rows.min()),
        int(columns.max()) + 1,
        int(rows.max()) + 1,
    )
