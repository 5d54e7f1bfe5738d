"""Sources of frames for the command line: a camera of this machine, a network camera, a film."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from demo.camera.network_camera import NetworkCamera
from demo.errors import DemoError
from demo.results import Image
from demo.settings import Settings
from demo.video.limits import VideoLimits
from demo.video.reader import Video, open_video


@dataclass(frozen=True, slots=True, eq=False)
class SourceFrame:
    """One frame.

    Attributes:
        rgb: H×W×3 uint8 RGB.
        seconds: from the start, of a film its own time.
        taken_at: time.perf_counter() when it was there.
    """

    rgb: Image
    seconds: float
    taken_at: float


@dataclass(frozen=True, slots=True)
class Source:
    """An open source: its frames, and what ends them from a signal handler."""

    frames: Iterator[SourceFrame]
    stop: Callable[[], None]


@contextmanager
def open_source(text: str, settings: Settings) -> Iterator[Source]:
    """Open a source for the block.

    Args:
        text: number of a camera of this machine, name or address of one of `settings.cameras`, or
            path of a film.
        settings: the owner's cameras, and the limits of films.

    Raises:
        DemoError: for a source that is not there or cannot be read, and for an address that is not
            on the owner's list; also while the frames are read.
    """
    limits = VideoLimits.of(settings)
    if text.isdecimal():
        with _device(int(text)) as source:
            yield source
        return
    address = settings.cameras.get(text, text)
    if address in settings.cameras.values():
        camera = NetworkCamera(address, limits)
        try:
            yield Source(_newest_of(camera), camera.close)
        finally:
            camera.close()
        return
    if "://" in text:
        raise DemoError("live_not_listed")
    with open_video(Path(text), limits) as video:
        yield Source(_all_of(video), lambda: None)


@contextmanager
def _device(number: int) -> Iterator[Source]:
    # It prints what the sentence says.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    device = cv2.VideoCapture(number)
    try:
        if not device.isOpened():
            raise DemoError("live_no_device", number=number)
        yield Source(_read(device), lambda: None)
    finally:
        device.release()


def _read(device: cv2.VideoCapture) -> Iterator[SourceFrame]:
    start = time.perf_counter()
    while True:
        here, bgr = device.read()
        if not here:
            raise DemoError("live_source_over")
        now = time.perf_counter()
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        yield SourceFrame(rgb, now - start, now)


def _newest_of(camera: NetworkCamera) -> Iterator[SourceFrame]:
    start = time.perf_counter()
    while True:
        captured = camera.newest()
        yield SourceFrame(captured.rgb, time.perf_counter() - start, captured.captured_at)


def _all_of(video: Video) -> Iterator[SourceFrame]:
    for frame in video.frames():
        seconds = float(frame.pts * video.time_base)
        yield SourceFrame(frame.rgb, seconds, time.perf_counter())
