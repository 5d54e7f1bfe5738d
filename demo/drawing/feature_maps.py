"""Pictures of what a layer of a network computes: one tile a channel, one square a cell."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Image

_WIDTH = 720
"""Pixels that a row of tiles takes at most, where a cell is no smaller than a pixel."""
_GAP = 2
_BACK = 128
_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (178, 24, 43)
"""Ends and middle of ColorBrewer's RdBu, which colour-blind people can tell apart."""
_MARK = (255, 196, 0)


class Tiling(NamedTuple):
    """Where the cells of `channels` maps of height × width cells are drawn.

    columns: tiles in a row. scale: side of a cell in pixels.
    """

    channels: int
    height: int
    width: int
    columns: int
    scale: int

    @classmethod
    def of(cls, channels: int, height: int, width: int) -> "Tiling":
        """A roughly square arrangement, as large as `_WIDTH` allows."""
        columns = min(channels, math.ceil(math.sqrt(channels * height / width)))
        scale = max(1, (_WIDTH // columns - _GAP) // width)
        return cls(channels, height, width, columns, scale)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of the whole picture, pixels."""
        rows = math.ceil(self.channels / self.columns)
        width, height = self._pitch
        return self.columns * width + _GAP, rows * height + _GAP

    @property
    def _pitch(self) -> tuple[int, int]:
        return self.width * self.scale + _GAP, self.height * self.scale + _GAP

    def corner(self, channel: int) -> tuple[int, int]:
        """x and y of the upper left corner of a channel's tile."""
        row, column = divmod(channel, self.columns)
        width, height = self._pitch
        return column * width + _GAP, row * height + _GAP

    def cell_at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """Channel, row and column of the cell under a pixel; the nearest one beside a tile.

        None beyond the last tile.
        """
        width, height = self._pitch
        tile_x, tile_y = (x - _GAP // 2) // width, (y - _GAP // 2) // height
        channel = max(tile_y, 0) * self.columns + min(max(tile_x, 0), self.columns - 1)
        if channel >= self.channels:
            return None
        left, top = self.corner(channel)
        row, column = (y - top) // self.scale, (x - left) // self.scale
        return (
            channel,
            min(max(row, 0), self.height - 1),
            min(max(column, 0), self.width - 1),
        )


def signed_colors(values: NDArray[np.floating], largest: float) -> NDArray[np.uint8]:
    """Colours (…×3 uint8 RGB) of numbers: −largest is blue, 0 white, largest red."""
    share = np.clip(values / max(largest, 1e-12), -1, 1)[..., None]
    ends = np.where(share < 0, _NEGATIVE, _POSITIVE)
    mixed = np.abs(share) * ends + (1 - np.abs(share)) * np.array(_ZERO)
    return np.asarray(mixed.round(), np.uint8)


def draw_feature_maps(
    values: NDArray[np.floating], chosen: tuple[int, int, int] | None = None
) -> Image:
    """All channels of C×h×w numbers as tiles; a frame around the chosen channel and its cell."""
    tiling = Tiling.of(*values.shape)
    colors = signed_colors(values, float(np.abs(values).max()))
    picture = _tiles(colors, tiling)
    if chosen is not None:
        left, top = tiling.corner(chosen[0])
        size = (tiling.width * tiling.scale, tiling.height * tiling.scale)
        _frame(picture, (left, top), size)
        x, y = left + chosen[2] * tiling.scale, top + chosen[1] * tiling.scale
        _frame(picture, (x, y), (tiling.scale, tiling.scale))
    return picture


def draw_filters(weights: NDArray[np.floating], chosen: int | None = None) -> Image:
    """The K×3×p×q kernels of a first layer as small RGB pictures; a weight of 0 is grey."""
    largest = max(float(np.abs(weights).max()), 1e-12)
    colors = ((weights.transpose(0, 2, 3, 1) / largest + 1) * 127.5).round().astype(np.uint8)
    tiling = Tiling.of(len(weights), *weights.shape[2:])
    picture = _tiles(colors, tiling)
    if chosen is not None:
        size = (tiling.width * tiling.scale, tiling.height * tiling.scale)
        _frame(picture, tiling.corner(chosen), size)
    return picture


def draw_window(
    image: Image, top_left_bottom_right: tuple[int, int, int, int], side: int = 384
) -> Image:
    """A picture enlarged without smoothing, what lies outside a rectangle of its pixels darkened.

    side: longest side of the result in pixels, about.
    """
    top, left, bottom, right = top_left_bottom_right
    scale = max(1, side // max(image.shape[:2]))
    shown = image // 3
    shown[top:bottom, left:right] = image[top:bottom, left:right]
    large = np.asarray(shown.repeat(scale, 0).repeat(scale, 1), np.uint8)
    _frame(large, (left * scale, top * scale), ((right - left) * scale, (bottom - top) * scale))
    return large


def _tiles(colors: NDArray[np.uint8], tiling: Tiling) -> Image:
    width, height = tiling.size_wh
    picture = np.full((height, width, 3), _BACK, np.uint8)
    for channel, tile in enumerate(colors):
        left, top = tiling.corner(channel)
        large = tile.repeat(tiling.scale, 0).repeat(tiling.scale, 1)
        picture[top : top + large.shape[0], left : left + large.shape[1]] = large
    return picture


def _frame(picture: Image, corner: tuple[int, int], size: tuple[int, int]) -> None:
    """A frame around a rectangle: dark outside, bright inside, to be seen on every colour."""
    (x, y), (width, height) = corner, size
    for grown, color in ((2, (0, 0, 0)), (1, _MARK)):
        first, last = (x - grown, y - grown), (x + width - 1 + grown, y + height - 1 + grown)
        cv2.rectangle(picture, first, last, color, 1)
