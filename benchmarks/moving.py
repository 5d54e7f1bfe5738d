"""Films whose truth is known: photographed things that move, cross and hide each other.

Airplanes and motorcycles of ../shared/data/boxes3, cut out along the boxes that persons drew, with
a tenth of the photo around them, slide over a blurred background as flat rectangles. They turn
back at the edges and keep their order in depth, so that one hides another for a while and comes
out again. Only those are taken that the detector finds when they stand alone: what is measured is
the tracking, not the detector.
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
_AROUND = 0.1
_VISIBLE = 0.25
"""A thing is in the truth of a frame where at least this part of its box can be seen."""
_WIDTHS = (110, 190)

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is in one frame. ids: N int64 from 1; xyxy: N×4 float32, pixels."""

    ids: NDArray[np.int64]
    xyxy: Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A rectangle of a photo. box: xyxy inside it, pixels, as a person drew it."""

    patch: Image
    box: Boxes
    start: tuple[float, float]
    step: tuple[float, float]

    def place(self, index: int) -> tuple[int, int]:
        """The patch's upper left corner in a frame: there and back between the edges."""
        room = (SIZE_WH[0] - self.patch.shape[1], SIZE_WH[1] - self.patch.shape[0])
        x, y = (_there_and_back(self.start[i] + self.step[i] * index, room[i]) for i in (0, 1))
        return x, y


def scene(data: Path, seed: int, count: int, seen: Callable[[Image, Boxes], bool]) -> list[Thing]:
    """`count` things, from the farthest to the nearest. seen: whether the detector finds it."""
    chance = random.Random(seed)
    rows = [row for row in _rows(data) if row["class"] in CLASSES]
    things: list[Thing] = []
    back = background(seed)
    while len(things) < count:
        wanted = CLASSES[len(things) % 2]
        row = chance.choice([row for row in rows if row["class"] == wanted])
        thing = _cut(data, row, chance)
        alone = back.copy()
        _paste(alone, thing, thing.place(0))
        if seen(alone, thing.box + np.tile(np.array(thing.place(0), np.float32), 2)):
            things.append(thing)
    return things


def background(seed: int) -> Image:
    """Soft colours without edges, H×W×3 uint8 RGB."""
    coarse = np.random.default_rng(seed).integers(70, 180, (5, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, SIZE_WH, interpolation=cv2.INTER_CUBIC), np.uint8)


def frames(things: list[Thing], seed: int, count: int) -> Iterator[tuple[Image, Truth]]:
    """The pictures of a film, and what is in each."""
    back = background(seed)
    for index in range(count):
        picture = back.copy()
        # Which thing is in front at each pixel, from 1.
        front = np.zeros(picture.shape[:2], np.int64)
        boxes = np.zeros((len(things), 4), np.float32)
        for number, thing in enumerate(things, 1):
            x, y = thing.place(index)
            _paste(picture, thing, (x, y))
            height, width = thing.patch.shape[:2]
            front[y : y + height, x : x + width] = number
            boxes[number - 1] = thing.box + np.array((x, y, x, y), np.float32)
        ids = [i for i, box in enumerate(boxes, 1) if _part(front, box, i) >= _VISIBLE]
        numbers = np.array(ids, np.int64)
        yield picture, Truth(numbers, boxes[numbers - 1])


def film(path: Path, things: list[Thing], seed: int, count: int) -> list[Truth]:
    """Write an MP4 of `count` frames; what is in each."""
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


def _cut(data: Path, row: dict[str, str], chance: random.Random) -> Thing:
    photo = data / "boxes3" / "images" / row["file"]
    rgb = decode(photo.read_bytes(), Limits()).rgb
    x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
    wide, high = _AROUND * (x1 - x0), _AROUND * (y1 - y0)
    left, top = max(round(x0 - wide), 0), max(round(y0 - high), 0)
    part = rgb[top : round(y1 + high), left : round(x1 + wide)]
    scale = chance.randint(*_WIDTHS) / part.shape[1]
    patch = np.asarray(cv2.resize(part, None, fx=scale, fy=scale), np.uint8)
    box = np.array((x0 - left, y0 - top, x1 - left, y1 - top), np.float32) * np.float32(scale)
    speed = chance.uniform(1.5, 3.5) * chance.choice((-1, 1))
    start = (chance.uniform(0, SIZE_WH[0]), chance.uniform(0, SIZE_WH[1]))
    return Thing(patch, box, start, (speed, chance.uniform(-0.6, 0.6)))


def _paste(picture: Image, thing: Thing, place: tuple[int, int]) -> None:
    x, y = place
    height, width = thing.patch.shape[:2]
    picture[y : y + height, x : x + width] = thing.patch


def _part(front: NDArray[np.int64], box: Boxes, number: int) -> float:
    x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
    return float((front[y0:y1, x0:x1] == number).mean())


def _there_and_back(way: float, room: int) -> int:
    """A point that runs to and fro between 0 and `room`."""
    around = way % (2 * room)
    return round(min(around, 2 * room - around))
