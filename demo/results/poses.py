"""The result of a network that finds objects and the keypoints of each, such as a person's joints.

A limb is a line between two keypoints.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Index

VISIBLE = 0.25
"""The score from which a keypoint counts as seen; ultralytics draws those from here on."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The keypoints that a network knows.

    names: of the K keypoints, in the order of the network's output. limbs: pairs of keypoints,
    counted from 0; none where nobody has stated any.
    """

    names: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        ends = [end for limb in self.limbs for end in limb]
        if not self.names or any(not 0 <= end < len(self.names) for end in ends):
            raise ValueError(f"expected limbs between {len(self.names)} keypoints, got {ends}")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Poses(Detections):
    """Detections, each with its keypoints.

    keypoints: N×K×3 float32: x, y in pixels of the upload and the score of each, 0–1. skeleton: of
    the same K keypoints.
    """

    keypoints: NDArray[np.float32]
    skeleton: Skeleton

    def __post_init__(self) -> None:
        # Classes with slots are made anew, so that `super()` does not know this one.
        Detections.__post_init__(self)
        points, shape = self.keypoints, (len(self), len(self.skeleton.names), 3)
        if points.dtype != np.float32 or points.shape != shape:
            raise ValueError(f"expected {shape} float32, got {points.shape} {points.dtype}")
        scores = points[:, :, 2]
        if not np.isfinite(points).all() or ((scores < 0) | (scores > 1)).any():
            raise ValueError("expected finite keypoints with scores in 0–1")

    @property
    def size_bytes(self) -> int:
        """Memory of boxes and keypoints, bytes, about."""
        return 40 * len(self) + self.keypoints.nbytes

    def visible(self) -> NDArray[np.bool_]:
        """N×K: whether a keypoint scores high enough to count as seen."""
        return np.asarray(self.keypoints[:, :, 2] >= VISIBLE)

    def __getitem__(self, index: Index) -> Self:
        """The rows selected by a boolean mask, or by an array of indices in their order."""
        return replace(
            self,
            xyxy=self.xyxy[index],
            scores=self.scores[index],
            class_ids=self.class_ids[index],
            keypoints=self.keypoints[index],
        )
