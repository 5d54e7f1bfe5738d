"""Makes the picture smaller, keeping its proportions."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    scale = 1 - rng.random() * (1 - values["smallest"])
    size = [max(1, round(side * scale)) for side in size_wh]
    return {"size_wh": size, "interpolation": values["interpolation"]}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    mode = InterpolationMode(drawn["interpolation"])
    resized: Tensor = F.resize(picture, drawn["size_wh"][::-1], interpolation=mode)
    return resized


def _code(drawn: Drawn) -> str:
    mode = f"v2.InterpolationMode.{drawn['interpolation'].upper()}"
    return f"picture = F.resize(picture, {drawn['size_wh'][::-1]}, interpolation={mode})"


def _recipe(values: Values) -> str:
    mode = f"v2.InterpolationMode.{values['interpolation'].upper()}"
    scales = f"scale_range=({values['smallest']!r}, 1.0)"
    return f"v2.ScaleJitter((height, width), {scales}, interpolation={mode})"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    scale: Boxes = np.array(drawn["size_wh"] * 2) / np.array(size_wh * 2)
    return xyxy * scale


SPEC = Transform(
    name="resize",
    order=50,
    title="augment_resize",
    params=(
        Param("smallest", "augment_resize_smallest", "float", 0.5, 0.1, 1),
        Param(
            "interpolation",
            "augment_resize_interpolation",
            "choice",
            "bilinear",
            choices=("nearest", "bilinear", "bicubic"),
        ),
    ),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
