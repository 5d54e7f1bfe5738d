"""Detectors whose network decodes its boxes itself: RT-DETR, and networks of ONNX files."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.geometry.letterbox import Letterbox, Stretch
from demo.models.spec import (
    MAX_CANDIDATES,
    MIN_SCORE,
    ImageRequest,
    Outputs,
    Prepared,
    Request,
)
from demo.models.yolo import fitted
from demo.results import Detections

Fit = Literal["stride", "fixed", "stretch"]
"""How a picture becomes an input: letterboxed to a multiple of the stride, letterboxed to the
network's own size, or stretched to it."""
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the numbers of the network's output are.

    by_class: one score for each class behind a box; else a score and a class id. columns: a box is
    a column, not a row. corners: a box is xyxy; else its centre, width and height. normalised: in
    shares of the input's sides; else in network pixels.
    """

    by_class: bool
    columns: bool = False
    corners: bool = False
    normalised: bool = False


@dataclass(frozen=True, slots=True)
class DecodedDetector:
    """Preprocessing and postprocessing, equal to ultralytics' `predict`.

    input_hw: default height and width of the input, pixels. stride: divides both sides.
    """

    name: str
    labels: tuple[str, ...]
    input_hw: tuple[int, int]
    layout: Layout
    fit: Fit
    stride: int = 32

    def preprocess(self, request: Request) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×h×w in 0–1; `request.size` counts unless the size is fixed.

        Raises DemoError for a request without a picture.
        """
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name=self.name)
        height, width = request.image.shape[:2]
        return fitted(self._geometry((width, height), request.size), request.image)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
        """1×N×M, see `Layout` → candidates of score ≥ MIN_SCORE, best first."""
        return self.find(outputs, prepared)[0]

    def find(self, outputs: Outputs, prepared: Prepared) -> tuple[Detections, NDArray[np.intp]]:
        """The candidates, and the number of the row that each is from."""
        geometry = prepared.geometry
        assert isinstance(geometry, Letterbox | Stretch)
        rows = outputs[0][0].T if self.layout.columns else outputs[0][0]
        scores, ids = self._scores(rows)
        # Rows of zeros fill up what a suppression inside of the network has left.
        good = np.isfinite(rows[:, :4]).all(axis=1) & (scores >= MIN_SCORE) & (scores <= 1.001)
        chosen = np.flatnonzero(good & (ids >= 0) & (ids < len(self.labels)))
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")][:MAX_CANDIDATES]
        xyxy = self._corners(rows[chosen, :4], geometry.input_hw)
        best = scores[chosen].clip(0, 1)
        corners, size_wh = geometry.restore(xyxy), geometry.size_wh
        return Detections(corners, best, ids[chosen], self.labels, size_wh), chosen

    def _geometry(self, size_wh: tuple[int, int], size: int | None) -> Letterbox | Stretch:
        if self.fit == "fixed":
            return Letterbox.fill(size_wh, self.input_hw)
        side = -(-(size or max(self.input_hw)) // self.stride) * self.stride
        if self.fit == "stretch":
            return Stretch(size_wh, self.input_hw if size is None else (side, side))
        return Letterbox.fit(size_wh, side, self.stride)

    def _scores(self, rows: Rows) -> tuple[Rows, NDArray[np.int64]]:
        """The best score of each row and its class id."""
        if self.layout.by_class:
            ids = rows[:, 4:].argmax(axis=1)
            return np.take_along_axis(rows[:, 4:], ids[:, None], axis=1)[:, 0], ids
        # Class ids may be NaN in a hostile file; −1 is none.
        ids = np.nan_to_num(rows[:, 5], nan=-1, posinf=-1, neginf=-1).clip(-1, 2**31)
        return rows[:, 4], ids.astype(np.int64)

    def _corners(self, sides: Rows, input_hw: tuple[int, int]) -> Rows:
        """n×4 as the network states them → n×4 xyxy, network pixels."""
        xyxy = sides
        if not self.layout.corners:
            centres, halves = sides[:, :2], sides[:, 2:] / 2
            xyxy = np.concatenate([centres - halves, centres + halves], axis=1)
        if self.layout.normalised:
            xyxy = xyxy * np.array(input_hw[::-1] * 2, np.float32)
        # A width may be negative, and then crosses the corners of its box.
        ends = np.minimum(xyxy[:, :2], xyxy[:, 2:]), np.maximum(xyxy[:, :2], xyxy[:, 2:])
        return np.concatenate(ends, axis=1).astype(np.float32)
