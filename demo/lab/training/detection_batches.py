"""Batches for detectors: photos scaled, shifted, mirrored, put together, and recoloured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from demo.lab.training.detection_targets import Rows, Targets
from demo.models.networks.lite_detector import STRIDES
from demo.results import Image

_GREY = 114
_MIN_VISIBLE = 0.35
"""Share of a box that must be left for it to count; what is left of others is ignored."""
_MIN_SIDE = 3.0
_TILE_SCALES = (0.45, 1.1)
"""Smallest and largest longest side of a photo in a mosaic, as a share of the canvas."""
_HUE, _SATURATION, _VALUE = 0.015, 0.6, 0.4
_GREYED = 0.05
"""Share of the pictures without colours."""


class Canvas(NamedTuple):
    """Side in pixels of the pictures; smallest and largest longest side of a whole photo in it."""

    side: int
    scales: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A decoded photo and what it teaches."""

    image: Image
    targets: Targets


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """pixels: N×3×S×S uint8. boxes: M×6, number of the picture, class id, cx, cy, w, h in 0–1.

    ignored: N×A×C bool, the anchors at which a class is not learned.
    """

    pixels: Tensor
    boxes: Tensor
    ignored: Tensor

    def to(self, device: str) -> "Batch":
        """The same on a device."""
        return Batch(self.pixels.to(device), self.boxes.to(device), self.ignored.to(device))


def batch_of(
    examples: Sequence[Example],
    groups: Sequence[Sequence[int]],
    shape: Canvas,
    classes: int,
    seed: int,
) -> Batch:
    """One picture for each group of one photo or of four."""
    rng = np.random.default_rng(seed)
    side = shape.side
    pixels = np.empty((len(groups), side, side, 3), np.uint8)
    anchors = anchor_points(side)
    ignored = np.zeros((len(groups), len(anchors), classes), bool)
    rows = []
    for number, group in enumerate(groups):
        chosen = [examples[i] for i in group]
        canvas, targets = (
            mosaic(chosen, side, rng) if len(chosen) > 1 else single(chosen[0], shape, rng)
        )
        pixels[number] = recoloured(canvas, rng)
        boxes = targets.boxes
        centred = np.concatenate(
            [(boxes[:, 1:3] + boxes[:, 3:]) / 2, boxes[:, 3:] - boxes[:, 1:3]], 1
        )
        numbers = np.full((len(boxes), 1), number, np.float32)
        rows.append(np.concatenate([numbers, boxes[:, :1], centred / side], 1))
        for class_id, x0, y0, x1, y1 in targets.ignored:
            inside = (anchors > (x0, y0)).all(1) & (anchors < (x1, y1)).all(1)
            ignored[number, inside, int(class_id)] = True
    stacked = torch.from_numpy(np.concatenate(rows).astype(np.float32))
    return Batch(torch.from_numpy(pixels).permute(0, 3, 1, 2), stacked, torch.from_numpy(ignored))


def groups_of(order: NDArray[np.int64], mosaics: float, seed: int) -> Iterator[list[int]]:
    """Photos of an epoch, one by one or, for the share `mosaics` of pictures, four at a time."""
    rng = np.random.default_rng(seed)
    left = order.tolist()
    while left:
        count = 4 if rng.random() < mosaics and len(left) >= 4 else 1
        yield left[:count]
        del left[:count]


def single(example: Example, shape: Canvas, rng: np.random.Generator) -> tuple[Image, Targets]:
    """A photo on a grey canvas: scaled, shifted, half of the time mirrored."""
    side, scales = shape
    canvas = np.full((side, side, 3), _GREY, np.uint8)
    return canvas, _place(canvas, example, (0, 0, side, side), side * _between(rng, scales), rng)


def mosaic(
    examples: Sequence[Example], side: int, rng: np.random.Generator
) -> tuple[Image, Targets]:
    """Four photos around a random point of the middle (Bochkovskiy et al. 2020, YOLOv4)."""
    canvas = np.full((side, side, 3), _GREY, np.uint8)
    x, y = (int(value) for value in rng.uniform(0.3, 0.7, 2) * side)
    tiles = ((0, 0, x, y), (x, 0, side, y), (0, y, x, side), (x, y, side, side))
    parts = [
        _place(canvas, example, tile, side * _between(rng, _TILE_SCALES), rng)
        for example, tile in zip(examples, tiles, strict=True)
    ]
    boxes = np.concatenate([part.boxes for part in parts])
    return canvas, Targets(boxes, np.concatenate([part.ignored for part in parts]))


def _place(
    canvas: Image,
    example: Example,
    tile: tuple[int, int, int, int],
    longest: float,
    rng: np.random.Generator,
) -> Targets:
    """Draw a photo with a longest side of `longest` pixels into a tile; its targets there."""
    left, top, right, bottom = tile
    height, width = example.image.shape[:2]
    scale = longest / max(height, width)
    room = np.array([right - left - width * scale, bottom - top - height * scale])
    x, y = np.where(room > 0, rng.random(2) * room, rng.random(2) * room)
    mirrored = rng.random() < 0.5
    a, shift = (-scale, x + width * scale) if mirrored else (scale, x)
    matrix = np.array([[a, 0, shift], [0, scale, y]], np.float64)
    size = (right - left, bottom - top)
    grey = (_GREY, _GREY, _GREY)
    canvas[top:bottom, left:right] = cv2.warpAffine(
        example.image, matrix, size, flags=cv2.INTER_LINEAR, borderValue=grey
    )
    boxes, lost = _moved(example.targets.boxes, a, shift, scale, y, size)
    ignored, _ = _moved(example.targets.ignored, a, shift, scale, y, size, keep=True)
    offset = np.array([0, left, top, left, top], np.float32)
    return Targets(boxes + offset, np.concatenate([ignored, lost]) + offset)


def _moved(
    rows: Rows,
    a: float,
    shift: float,
    scale: float,
    y: float,
    size: tuple[int, int],
    keep: bool = False,
) -> tuple[Rows, Rows]:
    """Boxes moved by a, shift, scale and y, then clipped; those left, and those mostly lost."""
    x_sides = np.sort(rows[:, [1, 3]] * a + shift, axis=1)
    y_sides = rows[:, [2, 4]] * scale + y
    moved = np.stack([rows[:, 0], x_sides[:, 0], y_sides[:, 0], x_sides[:, 1], y_sides[:, 1]], 1)
    clipped = moved.copy()
    clipped[:, [1, 3]] = clipped[:, [1, 3]].clip(0, size[0])
    clipped[:, [2, 4]] = clipped[:, [2, 4]].clip(0, size[1])
    sides = clipped[:, 3:] - clipped[:, 1:3]
    before = (moved[:, 3:] - moved[:, 1:3]).prod(1)
    some = (sides > 0).all(1)
    if keep:
        return clipped[some].astype(np.float32), clipped[:0].astype(np.float32)
    enough = some & (sides.prod(1) >= _MIN_VISIBLE * before) & (sides >= _MIN_SIDE).all(1)
    return clipped[enough].astype(np.float32), clipped[some & ~enough].astype(np.float32)


def recoloured(image: Image, rng: np.random.Generator) -> Image:
    """Another hue, saturation and brightness; now and then without colours."""
    if rng.random() < _GREYED:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    gains = 1 + rng.uniform(-1, 1, 3) * (_HUE, _SATURATION, _VALUE)
    levels = np.arange(256, dtype=np.float64)
    hue = ((levels * gains[0]) % 180).astype(np.uint8)
    saturation, value = ((levels * gain).clip(0, 255).astype(np.uint8) for gain in gains[1:])
    hsv = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    tables = (hue, saturation, value)
    changed = cv2.merge([cv2.LUT(plane, table) for plane, table in zip(hsv, tables, strict=True)])
    return np.asarray(cv2.cvtColor(changed, cv2.COLOR_HSV2RGB), np.uint8)


def anchor_points(side: int) -> NDArray[np.float32]:
    """A×2 centres of the cells of all maps, x and y in pixels, in the head's order."""
    maps = []
    for stride in STRIDES:
        centres = (np.arange(side // stride) + 0.5) * stride
        x, y = np.meshgrid(centres, centres)
        maps.append(np.stack([x.ravel(), y.ravel()], 1))
    return np.concatenate(maps).astype(np.float32)


def _between(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    low, high = np.log(limits)
    return float(np.exp(rng.uniform(low, high)))
