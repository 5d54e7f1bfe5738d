"""A short example video: a slow pan over a photo, rendered and encoded here."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from demo.results import Image
from demo.video.atomic_file import AtomicFile

_SIZE_WH = (640, 480)
_FPS, _SECONDS = 15, 6


def write_example_clip(photo: Image, target: Path) -> None:
    """Write 6 s of MP4 that pan over `photo` from left to right and back; takes about 0.5 s.

    photo: H×W×3 uint8 RGB. Raises DemoError where the target cannot be written.
    """
    file = AtomicFile(target)
    try:
        _write(photo, file.path)
        file.commit()
    except (av.FFmpegError, OSError) as error:
        file.discard()
        raise file.error_for(error) from None


def _write(photo: Image, path: Path) -> None:
    with av.open(f"file:{path.absolute()}", "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_FPS, options={"preset": "veryfast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = _SIZE_WH
        stream.pix_fmt = "yuv420p"
        for index in range(_FPS * _SECONDS):
            view = _view(photo, index / (_FPS * _SECONDS))
            frame = VideoFrame.from_ndarray(view, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, _FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _view(photo: Image, position: float) -> Image:
    """The part of the photo in view at `position`, 0–1 of the video's length."""
    height, width = photo.shape[:2]
    half_width, half_height = _SIZE_WH[0] / 2, _SIZE_WH[1] / 2
    zoom = min(width / half_width, height / half_height) * 0.36
    x = width * (0.5 - 0.14 * np.cos(2 * np.pi * position))
    y = height * (0.54 + 0.06 * np.sin(2 * np.pi * position))
    matrix = np.array([[zoom, 0, x - zoom * half_width], [0, zoom, y - zoom * half_height]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(photo, matrix, _SIZE_WH, flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(view, np.uint8)
