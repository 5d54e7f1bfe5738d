"""Masks as run lengths: from pixels, back to pixels of a window, and to outlines."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import RunLengths

Ring = NDArray[np.int32]
"""N×2 corners (x, y) of a closed outline along the edges of pixels, pixels of the upload."""


_MOST_CHANGED = 0.005
"""By which share the area of a ring may change where it is simplified."""


class Window(NamedTuple):
    """A part of a mask: h×w bool, and the column and row of its first pixel in the upload."""

    pixels: NDArray[np.bool_]
    x: int
    y: int


def encode(window: Window, size_wh: tuple[int, int]) -> NDArray[np.int32]:
    """The run lengths of a mask of an upload of `size_wh` that is empty outside of the window.

    Raises ValueError for a window that leaves the upload.
    """
    width, height = size_wh
    rows, columns = window.pixels.shape
    if not (0 <= window.x <= width - columns and 0 <= window.y <= height - rows):
        raise ValueError(f"expected a window inside of {size_wh}, got {window.pixels.shape}")
    # A row of zeros above ends every run in its own column.
    framed = np.zeros(columns * (rows + 1) + 1, np.uint8)
    if window.pixels.size:
        inside = framed[:-1].reshape(columns, rows + 1)[:, 1:]
        inside[:] = cv2.transpose(window.pixels.view(np.uint8))
    edges = np.flatnonzero(framed[1:] != framed[:-1])
    column, row = np.divmod(edges, rows + 1)
    places = (window.x + column) * height + window.y + row
    # A run to the last row and one from the first row of the next column are one run.
    joined = np.flatnonzero(places[1:-1:2] == places[2::2])
    places = np.delete(places, np.concatenate([2 * joined + 1, 2 * joined + 2]))
    ends = np.concatenate([[0], places, [width * height]])
    counts = np.diff(ends)
    # The last run is one of zeros, unless the mask reaches the last pixel.
    return counts[: len(counts) - (len(counts) > 1 and counts[-1] == 0)].astype(np.int32)


def decode(masks: RunLengths, i: int) -> Window:
    """The smallest window around mask number i; an empty one of an empty mask."""
    height = masks.size_wh[1]
    ends = np.cumsum(masks.counts[i], dtype=np.int64)
    starts, stops = ends[:-1:2], ends[1::2]
    if not len(starts):
        return Window(np.zeros((0, 0), np.bool_), 0, 0)
    x0, x1 = int(starts[0] // height), int((stops[-1] - 1) // height) + 1
    steps = np.zeros((x1 - x0) * height + 1, np.int8)
    steps[starts - x0 * height] = 1
    steps[stops - x0 * height] = -1
    columns = np.cumsum(steps[:-1], dtype=np.int8).reshape(x1 - x0, height).view(np.bool_)
    filled = np.flatnonzero(columns.any(axis=0))
    y0, y1 = int(filled[0]), int(filled[-1]) + 1
    return Window(columns[:, y0:y1].T, x0, y0)


def mask_iou(
    a: RunLengths, b: RunLengths, wanted: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """N×M: intersection over union of each mask of a and each of b; 0 of two empty ones.

    wanted: N×M, which of them are asked for; the others are 0.
    """
    shared = np.zeros((len(a), len(b)))
    ends = [np.cumsum(counts, dtype=np.int64) for counts in b.counts]
    for i, counts in enumerate(a.counts):
        edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        # How many pixels of the mask come before an edge: between two edges it is a straight line.
        inside = np.where(np.arange(len(counts)) % 2 == 1, counts, 0)
        before = np.concatenate([[0], np.cumsum(inside, dtype=np.int64)])
        for j in range(len(b)) if wanted is None else np.flatnonzero(wanted[i]).tolist():
            starts, stops = ends[j][:-1:2], ends[j][1::2]
            shared[i, j] = (
                np.interp(stops, edges, before) - np.interp(starts, edges, before)
            ).sum()
    together = a.areas()[:, None] + b.areas()[None, :] - shared
    return shared / np.maximum(together, 1)


def outlines(window: Window, tolerance: float = 0.0) -> list[Ring]:
    """The outline of each connected part of a mask, along the edges of its pixels, largest first.

    A hole is joined to the outline around it by a cut without width, so that the area of a ring is
    that of its pixels.

    Args:
        window: the mask.
        tolerance: by how many pixels a ring may leave the edges to have fewer corners; its area
            stays the same within half a percent.
    """
    rows, columns = window.pixels.shape
    if not window.pixels.any():
        return []
    # Twice as large, every edge of a pixel has pixels of its own on either side.
    doubled = cv2.resize(
        window.pixels.astype(np.uint8), (2 * columns, 2 * rows), interpolation=cv2.INTER_NEAREST
    )
    found, family = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    offset = np.array([window.x, window.y], np.int32)
    rings = [_simplified(_corners(one[:, 0]) + offset, tolerance) for one in found]
    holes: dict[int, list[Ring]] = {}
    for ring, parent in zip(rings, family[0, :, 3].tolist(), strict=True):
        holes.setdefault(parent, []).append(ring)
    outer = [i for i, parent in enumerate(family[0, :, 3].tolist()) if parent < 0]
    parts = [joined([rings[i], *holes.get(i, [])]) for i in outer]
    return sorted(parts, key=lambda ring: -abs(ring_area(ring)))


def joined(rings: list[Ring]) -> Ring:
    """One ring of several, joined by cuts without width between corners that are near."""
    whole = rings[0]
    for ring in rings[1:]:
        here = _nearest(whole, ring[0])
        there = _nearest(ring, whole[here])
        turned = np.concatenate([ring[there:], ring[: there + 1]])
        whole = np.concatenate([whole[: here + 1], turned, whole[here:]])
    return whole


def ring_area(ring: NDArray[np.integer]) -> float:
    """The area inside a ring, px²; negative for one in the other direction."""
    x, y = ring.astype(np.int64).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def _nearest(ring: Ring, corner: NDArray[np.int32]) -> int:
    return int(np.abs(ring - corner).sum(axis=1).argmin())


def _corners(doubled: NDArray[np.int32]) -> Ring:
    """The corners of a contour through pixels of half the size, along the edges of whole ones."""
    places = (doubled + doubled % 2) // 2
    places = places[(places != np.roll(places, 1, axis=0)).any(axis=1)]
    came, goes = places - np.roll(places, 1, axis=0), np.roll(places, -1, axis=0) - places
    turns = came[:, 0] * goes[:, 1] != came[:, 1] * goes[:, 0]
    return np.asarray(places[turns], np.int32)


def _simplified(ring: Ring, tolerance: float) -> Ring:
    area = ring_area(ring)
    for epsilon in (tolerance, tolerance / 2) if tolerance else ():
        fewer = np.asarray(cv2.approxPolyDP(ring[:, None], epsilon, True)[:, 0], np.int32)
        if len(fewer) > 2 and abs(ring_area(fewer) - area) <= _MOST_CHANGED * abs(area):
            return fewer
    return ring
