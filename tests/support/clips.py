"""Small videos, encoded where a test needs them."""

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
    """A video of `pictures`; times: of each, in 1/1000 s; sound: an audio codec, or none."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=form, container_options=options) as output:
        film = output.add_stream(codec, rate=RATE)
        assert isinstance(film, av.VideoStream)
        height, width = pictures[0].shape[:2]
        film.width, film.height, film.pix_fmt = width, height, pix_fmt
        if codec == "libx264":
            film.options = {"crf": "10", "preset": "ultrafast"}
        film.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            film.set_display_rotation(rotation)
        voice: Any = None
        if sound:
            voice = output.add_stream(sound, rate=48_000 if sound == "libopus" else 44_100)
            voice.layout = "mono"
        for index, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = times[index] if times else index * 1000 // RATE
            frame.time_base = Fraction(1, 1000)
            output.mux(film.encode(frame))
        output.mux(film.encode(None))
        if voice is not None:
            heard = AudioFrame.from_ndarray(tone(len(pictures) / RATE), "fltp", "mono")
            heard.sample_rate, heard.pts = 44_100, 0
            output.mux(voice.encode(heard))
            output.mux(voice.encode(None))
    return path


def shown(path: Path) -> list[tuple[float, Image]]:
    """Every frame as other programs decode it: its time in seconds, and its RGB pixels."""
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), np.asarray(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def red_box(picture: Image) -> tuple[int, int, int, int] | None:
    """The box around the red pixels, xyxy; None where there are none."""
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
