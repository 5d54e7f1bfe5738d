"""Random perspective: each corner moves towards the middle; the uncovered border is black."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from demo.augment.spec import Boxes, Param, SizeWH, Transform, corners, hull

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    distortion: float


class _Sampled(TypedDict):
    starts: list[list[int]]
    ends: list[list[float]]


class _Perspective(Transform[_Params, _Sampled]):
    name = "perspective"
    order = 60
    title = "augment_perspective"
    params = (Param("distortion", "augment_perspective_distortion", "float", 0.5, 0, 0.9),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        """As torchvision samples them: each corner stays in its own quarter (distortion < 1)."""
        width, height = size_wh
        starts = [[0, 0], [width, 0], [width, height], [0, height]]
        inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        reach = params["distortion"] * np.array(size_wh) / 2
        ends = np.array(starts) + inwards * rng.random((4, 2)) * reach
        return {"starts": starts, "ends": ends.round(2).tolist()}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        tilted: Tensor = F.perspective(picture, sampled["starts"], sampled["ends"])
        return tilted

    def code(self, sampled: _Sampled) -> str:
        return f"picture = F.perspective(picture, {sampled['starts']}, {sampled['ends']})"

    def recipe(self, params: _Params) -> str:
        return f"v2.RandomPerspective({params['distortion']!r}, p=1.0)"

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: _Sampled) -> Boxes:
        points = corners(xyxy)
        ones = np.ones((*points.shape[:2], 1))
        projected = np.concatenate([points, ones], axis=2) @ _homography(sampled).T
        return hull(projected[..., :2] / projected[..., 2:])


def _homography(sampled: _Sampled) -> NDArray[np.float64]:
    """The 3×3 matrix that maps the four starts to the four ends (direct linear transform)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(sampled["starts"], sampled["ends"], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), right), 1).reshape(3, 3)


SPEC = _Perspective()
