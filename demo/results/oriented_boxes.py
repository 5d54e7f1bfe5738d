"""The result of a network whose boxes are turned, such as one for pictures from the air."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Index


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrientedBoxes(Detections):
    """Detections whose boxes are turned; xyxy are the upright boxes around them, in the picture.

    xywhr: N×5 float32: x, y of the centre, width and height ≥ 0, in pixels of the upload, and the
    angle in radians by which the width is turned from the x axis towards the y axis. A box may
    leave the picture.
    """

    xywhr: NDArray[np.float32]

    def __post_init__(self) -> None:
        # Classes with slots are made anew, so that `super()` does not know this one.
        Detections.__post_init__(self)
        boxes = self.xywhr
        if boxes.dtype != np.float32 or boxes.shape != (len(self), 5):
            raise ValueError(f"expected {len(self)}×5 float32, got {boxes.shape} {boxes.dtype}")
        if not np.isfinite(boxes).all() or (boxes[:, 2:4] < 0).any():
            raise ValueError("expected finite boxes with width and height ≥ 0")

    @property
    def size_bytes(self) -> int:
        """Memory of the boxes, bytes, about."""
        return 60 * len(self)

    def __getitem__(self, index: Index) -> Self:
        """The rows selected by a boolean mask, or by an array of indices in their order."""
        chosen = self.xyxy[index], self.scores[index], self.class_ids[index], self.xywhr[index]
        xyxy, scores, ids, xywhr = chosen
        return replace(self, xyxy=xyxy, scores=scores, class_ids=ids, xywhr=xywhr)
