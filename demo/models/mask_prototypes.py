"""Masks that a network states as sums of prototypes, computed for the boxes that are kept."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.geometry.masks import Window, encode
from demo.results import Index, RunLengths

_STRIDE = 4
"""Network pixels a cell of the prototypes."""
_BAND_PIXELS = 1 << 20
"""Pixels of the upload whose logits are computed at once."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskPrototypes:
    """Masks of boxes, as ultralytics' `predict(retina_masks=True)` makes them.

    A mask is where the sum of the prototypes, enlarged to the upload, is above 0 inside of its box:
    it is as fine as the upload, not as the network's input.

    prototypes: K×h×w float32, of the whole input of the network. coefficients: N×K float32. xyxy:
    N×4 float32, pixels of the upload. size_wh: of the upload, which lies in the middle of the
    input.
    """

    prototypes: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    xyxy: NDArray[np.float32]
    size_wh: tuple[int, int]

    def __post_init__(self) -> None:
        kinds, boxes = len(self.prototypes), len(self.xyxy)
        if self.prototypes.ndim != 3 or self.coefficients.shape != (boxes, kinds):
            shapes = f"{self.prototypes.shape}, {self.coefficients.shape}, {self.xyxy.shape}"
            raise ValueError(f"expected K×h×w, N×K, N×4; got {shapes}")

    @property
    def size_bytes(self) -> int:
        """Memory of prototypes and coefficients, bytes."""
        return self.prototypes.nbytes + self.coefficients.nbytes + self.xyxy.nbytes

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, index: Index) -> "MaskPrototypes":
        chosen = self.coefficients[index], self.xyxy[index]
        return MaskPrototypes(self.prototypes, *chosen, self.size_wh)

    def runs(self) -> RunLengths:
        """The pixels of every mask; one after the other, since one may be a whole upload."""
        axes = self._axes()
        counts = [encode(self._window(i, axes), self.size_wh) for i in range(len(self))]
        return RunLengths(tuple(counts), self.size_wh)

    def _axes(self) -> "tuple[_Axis, _Axis]":
        """How prototypes become pixels of the upload, across and down."""
        rows, columns = self.prototypes.shape[1:]
        width, height = self.size_wh
        # Ultralytics enlarges first where the border of the letterbox ends within a cell.
        scale = min(_STRIDE * rows / height, _STRIDE * columns / width)
        border = (_STRIDE * rows - _scaled(height, scale)) | (
            _STRIDE * columns - _scaled(width, scale)
        )
        enlarged = _STRIDE // math.gcd(_STRIDE, border | border // 2)
        scale = min(enlarged * rows / height, enlarged * columns / width)
        return (
            _Axis(columns, enlarged, _scaled(width, scale), width),
            _Axis(rows, enlarged, _scaled(height, scale), height),
        )

    def _window(self, i: int, axes: "tuple[_Axis, _Axis]") -> Window:
        """The pixels of mask i inside of its box."""
        width, height = self.size_wh
        x0, y0, x1, y1 = np.ceil(self.xyxy[i]).astype(int).tolist()
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        if x0 >= x1 or y0 >= y1:
            return Window(np.zeros((0, 0), np.bool_), 0, 0)
        logits = np.tensordot(self.coefficients[i], self.prototypes, 1)
        across = axes[0].matrix(x0, x1)
        cells = np.flatnonzero(across.any(axis=0))
        seen = slice(cells[0], cells[-1] + 1)
        across, logits = np.ascontiguousarray(across[:, seen].T), logits[:, seen]
        pixels = np.empty((y1 - y0, x1 - x0), np.bool_)
        band = max(_BAND_PIXELS // (x1 - x0), 1)
        for top in range(y0, y1, band):
            end = min(top + band, y1)
            pixels[top - y0 : end - y0] = axes[1].matrix(top, end) @ logits @ across > 0
        return Window(pixels, x0, y0)


class _Axis(NamedTuple):
    """One direction of the way from prototypes to the upload.

    cells: of the prototypes. enlarged: how many times each is enlarged first. kept: of the enlarged
    cells, those in the middle, which the border does not cover. size: of the upload, pixels.
    """

    cells: int
    enlarged: int
    kept: int
    size: int

    def matrix(self, start: int, end: int) -> NDArray[np.float32]:
        """n×cells: each of the n pixels from `start` as a weighted mean of cells."""
        first = round((self.cells * self.enlarged - self.kept) / 2 - 0.1)
        shown = _bilinear(np.arange(start, end), self.size, self.kept)
        if self.enlarged == 1:
            whole = np.zeros((end - start, self.cells), np.float32)
            whole[:, first : first + self.kept] = shown
            return whole
        kept = np.arange(first, first + self.kept)
        return shown @ _bilinear(kept, self.cells * self.enlarged, self.cells)


def _bilinear(places: NDArray[np.integer], size: int, cells: int) -> NDArray[np.float32]:
    """n×cells: the weights of bilinear resizing from `cells` to `size`, at n places of it."""
    source = ((places + 0.5) * (cells / size) - 0.5).clip(0, cells - 1)
    low = np.floor(source).astype(np.int64)
    share = (source - low).astype(np.float32)
    weights = np.zeros((len(places), cells), np.float32)
    rows = np.arange(len(places))
    weights[rows, low] = 1 - share
    weights[rows, np.minimum(low + 1, cells - 1)] += share
    return weights


def _scaled(side: int, scale: float) -> int:
    return max(round(side * scale), 1)
