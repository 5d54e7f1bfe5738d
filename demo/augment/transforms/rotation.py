"""Turns the picture about its centre; what comes in at the corners is black."""

import math
from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values, corners, hull

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    return {"angle": round(rng.uniform(-1, 1) * values["degrees"], 3)}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    turned: Tensor = F.rotate(picture, drawn["angle"], interpolation=InterpolationMode.BILINEAR)
    return turned


def _code(drawn: Drawn) -> str:
    bilinear = "interpolation=v2.InterpolationMode.BILINEAR"
    return f"picture = F.rotate(picture, {drawn['angle']!r}, {bilinear})"


def _recipe(values: Values) -> str:
    degrees = values["degrees"]
    return f"v2.RandomRotation({degrees!r}, interpolation=v2.InterpolationMode.BILINEAR)"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    """Counter-clockwise as one sees it, so the sine has its sign changed: y points down."""
    angle = math.radians(drawn["angle"])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    centre = np.array(size_wh) / 2
    return hull((corners(xyxy) - centre) @ turn.T + centre)


SPEC = Transform(
    name="rotation",
    order=10,
    title="augment_rotation",
    params=(Param("degrees", "augment_rotation_degrees", "float", 30.0, 0, 180, 1, "°"),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
