"""Synthetic videos with known tracks: photographed objects that move, cross and occlude each other.

Airplanes and motorcycles of ../shared/data/boxes3, cut out along person-drawn boxes with a margin
of a tenth, move over a blurred background as flat rectangles. They bounce at the edges and keep
their order in depth, so that they occlude each other for a while. Only objects that the detector
finds when they are alone are used: the measurement is about tracking, not about the detector.
"""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image

CLASSES = ("airplane", "motorcycle")
SIZE_WH = (640, 360)
RATE = 25
_MARGIN = 0.1
_MIN_VISIBLE = 0.25
"""An object is in the ground truth of a frame if this part of its box is visible."""
_WIDTHS = (110, 190)

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Ground truth of one frame. ids: N int64 from 1; xyxy: N×4 float32, pixels."""

    ids: NDArray[np.int64]
    xyxy: Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """An object: a rectangle of a photo. box: xyxy inside the patch, pixels, drawn by a person."""

    patch: Image
    box: Boxes
    start: tuple[float, float]
    step: tuple[float, float]

    def place(self, index: int) -> tuple[int, int]:
        """The patch's upper left corner in a frame, bouncing between the edges."""
        room = (SIZE_WH[0] - self.patch.shape[1], SIZE_WH[1] - self.patch.shape[0])
        x, y = (_bounce(self.start[i] + self.step[i] * index, room[i]) for i in (0, 1))
        return x, y


def scene(
    data: Path, seed: int, count: int, is_found: Callable[[Image, Boxes], bool]
) -> list[Thing]:
    """`count` things, back to front. is_found: whether the detector finds one in a picture."""
    rng = random.Random(seed)
    rows = [row for row in _rows(data) if row["class"] in CLASSES]
    things: list[Thing] = []
    back = background(seed)
    while len(things) < count:
        class_name = CLASSES[len(things) % 2]
        row = rng.choice([row for row in rows if row["class"] == class_name])
        thing = _cut(data, row, rng)
        alone = back.copy()
        _paste(alone, thing, thing.place(0))
        if is_found(alone, thing.box + np.tile(np.array(thing.place(0), np.float32), 2)):
            things.append(thing)
    return things


def background(seed: int) -> Image:
    """A smooth random background, H×W×3 uint8 RGB."""
    coarse = np.random.default_rng(seed).integers(70, 180, (5, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, SIZE_WH, interpolation=cv2.INTER_CUBIC), np.uint8)


def frames(things: list[Thing], seed: int, count: int) -> Iterator[tuple[Image, Truth]]:
    """The frames of a video with their ground truth."""
    back = background(seed)
    for index in range(count):
        picture = back.copy()
        # Number of the front thing at each pixel, from 1.
        front = np.zeros(picture.shape[:2], np.int64)
        boxes = np.zeros((len(things), 4), np.float32)
        for number, thing in enumerate(things, 1):
            x, y = thing.place(index)
            _paste(picture, thing, (x, y))
            height, width = thing.patch.shape[:2]
            front[y : y + height, x : x + width] = number
            boxes[number - 1] = thing.box + np.array((x, y, x, y), np.float32)
        ids = [i for i, box in enumerate(boxes, 1) if _visible_part(front, box, i) >= _MIN_VISIBLE]
        numbers = np.array(ids, np.int64)
        yield picture, Truth(numbers, boxes[numbers - 1])


def write_video(path: Path, things: list[Thing], seed: int, count: int) -> list[Truth]:
    """Write an MP4 of `count` frames; returns the ground truth of each."""
    truths = []
    with av.open(str(path), "w", format="mp4") as output:
        options = {"crf": "18", "preset": "veryfast"}
        track = output.add_stream("libx264", rate=RATE, options=options)
        track.width, track.height = SIZE_WH
        for picture, truth in frames(things, seed, count):
            output.mux(track.encode(VideoFrame.from_ndarray(picture, "rgb24")))
            truths.append(truth)
        output.mux(track.encode(None))
    return truths


def _rows(data: Path) -> list[dict[str, str]]:
    names = ("file", "x0", "y0", "x1", "y1", "class")
    with (data / "boxes3" / "boxes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, names))


def _cut(data: Path, row: dict[str, str], rng: random.Random) -> Thing:
    photo = data / "boxes3" / "images" / row["file"]
    rgb = decode(photo.read_bytes(), Limits()).rgb
    x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
    wide, high = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    left, top = max(round(x0 - wide), 0), max(round(y0 - high), 0)
    part = rgb[top : round(y1 + high), left : round(x1 + wide)]
    scale = rng.randint(*_WIDTHS) / part.shape[1]
    patch = np.asarray(cv2.resize(part, None, fx=scale, fy=scale), np.uint8)
    box = np.array((x0 - left, y0 - top, x1 - left, y1 - top), np.float32) * np.float32(scale)
    speed = rng.uniform(1.5, 3.5) * rng.choice((-1, 1))
    start = (rng.uniform(0, SIZE_WH[0]), rng.uniform(0, SIZE_WH[1]))
    return Thing(patch, box, start, (speed, rng.uniform(-0.6, 0.6)))


def _paste(picture: Image, thing: Thing, place: tuple[int, int]) -> None:
    x, y = place
    height, width = thing.patch.shape[:2]
    picture[y : y + height, x : x + width] = thing.patch


def _visible_part(front: NDArray[np.int64], box: Boxes, number: int) -> float:
    x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
    return float((front[y0:y1, x0:x1] == number).mean())


def _bounce(way: float, room: int) -> int:
    """The position between 0 and `room` after `way` pixels, reflected at both ends."""
    around = way % (2 * room)
    return round(min(around, 2 * room - around))
