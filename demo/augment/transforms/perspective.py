"""Looks at the picture askew: each corner moves towards the middle; what comes in is black."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values, corners, hull

if TYPE_CHECKING:
    from torch import Tensor


def _frame(size_wh: SizeWH) -> NDArray[Any]:
    frame: NDArray[Any] = corners(np.array([[0, 0, *size_wh]]))[0]
    return frame


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    """As torchvision draws them: each corner stays in its own quarter, where distortion is < 1."""
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    reach = values["distortion"] * np.array(size_wh) / 2
    ends = _frame(size_wh) + inwards * rng.random((4, 2)) * reach
    return {"starts": _frame(size_wh).tolist(), "ends": ends.round(2).tolist()}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    tilted: Tensor = F.perspective(picture, drawn["starts"], drawn["ends"])
    return tilted


def _code(drawn: Drawn) -> str:
    return f"picture = F.perspective(picture, {drawn['starts']}, {drawn['ends']})"


def _recipe(values: Values) -> str:
    return f"v2.RandomPerspective({values['distortion']!r}, p=1.0)"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    points = corners(xyxy)
    ones = np.ones((*points.shape[:2], 1))
    projected = np.concatenate([points, ones], axis=2) @ _homography(drawn).T
    return hull(projected[..., :2] / projected[..., 2:])


def _homography(drawn: Drawn) -> NDArray[Any]:
    """The 3×3 matrix that takes the four starts to the four ends (direct linear transform)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(drawn["starts"], drawn["ends"], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), right), 1).reshape(3, 3)


SPEC = Transform(
    name="perspective",
    order=60,
    title="augment_perspective",
    params=(Param("distortion", "augment_perspective_distortion", "float", 0.5, 0, 0.9),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
