"""A short example film: a slow move over a photo, drawn and encoded here."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from demo.results import Image

_SIZE_WH = (640, 480)
_RATE, _SECONDS = 15, 6


def write_example_clip(photo: Image, goal: Path) -> None:
    """Write 6 s of MP4: from the left of `photo` to the right, and back.

    photo: H×W×3 uint8 RGB. Takes about half a second.
    """
    with av.open(f"file:{goal.absolute()}", "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_RATE, options={"preset": "veryfast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = _SIZE_WH
        stream.pix_fmt = "yuv420p"
        for index in range(_RATE * _SECONDS):
            frame = VideoFrame.from_ndarray(_window(photo, index / (_RATE * _SECONDS)), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _window(photo: Image, part: float) -> Image:
    """What the camera sees at `part` (0–1) of the film."""
    height, width = photo.shape[:2]
    across, down = _SIZE_WH[0] / 2, _SIZE_WH[1] / 2
    zoom = min(width / across, height / down) * 0.36
    x = width * (0.5 - 0.14 * np.cos(2 * np.pi * part))
    y = height * (0.54 + 0.06 * np.sin(2 * np.pi * part))
    move = np.array([[zoom, 0, x - zoom * across], [0, zoom, y - zoom * down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(photo, move, _SIZE_WH, flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(seen, np.uint8)
