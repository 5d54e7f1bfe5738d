"""Mirrors top and bottom."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    return {"flip": bool(rng.random() < values["probability"])}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    changed: Tensor = F.vertical_flip(picture) if drawn["flip"] else picture
    return changed


def _code(drawn: Drawn) -> str:
    return "picture = F.vertical_flip(picture)" if drawn["flip"] else ""


def _recipe(values: Values) -> str:
    return f"v2.RandomVerticalFlip({values['probability']!r})"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    if not drawn["flip"]:
        return xyxy
    x0, y0, x1, y1 = xyxy.T
    return np.stack([x0, size_wh[1] - y1, x1, size_wh[1] - y0], axis=1)


SPEC = Transform(
    name="vertical_flip",
    order=30,
    title="augment_vertical_flip",
    params=(Param("probability", "augment_vertical_flip_probability", "float", 0.5),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
