"""Mirrors left and right."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    return {"flip": bool(rng.random() < values["probability"])}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    changed: Tensor = F.horizontal_flip(picture) if drawn["flip"] else picture
    return changed


def _code(drawn: Drawn) -> str:
    return "picture = F.horizontal_flip(picture)" if drawn["flip"] else ""


def _recipe(values: Values) -> str:
    return f"v2.RandomHorizontalFlip({values['probability']!r})"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    if not drawn["flip"]:
        return xyxy
    x0, y0, x1, y1 = xyxy.T
    return np.stack([size_wh[0] - x1, y0, size_wh[0] - x0, y1], axis=1)


SPEC = Transform(
    name="horizontal_flip",
    order=20,
    title="augment_horizontal_flip",
    params=(Param("probability", "augment_horizontal_flip_probability", "float", 0.5),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
