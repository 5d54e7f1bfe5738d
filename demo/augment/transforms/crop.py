"""Cuts a window out at random and enlarges it to the size of the picture."""

import math
from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    share, aspect, across, down = rng.random(4)
    area = 1 - share * (1 - values["smallest"])
    stretch = values["stretch"] ** (2 * aspect - 1)
    wide = min(1.0, math.sqrt(area * stretch))
    high = min(1.0, area / wide)
    wide = min(1.0, area / high)
    width, height = (
        max(1, round(side * part)) for side, part in zip(size_wh, (wide, high), strict=True)
    )
    return {
        "top": int(down * (size_wh[1] - height + 1)),
        "left": int(across * (size_wh[0] - width + 1)),
        "height": height,
        "width": width,
        "size_wh": list(size_wh),
    }


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    window = (drawn["top"], drawn["left"], drawn["height"], drawn["width"])
    cropped: Tensor = F.resized_crop(picture, *window, size=drawn["size_wh"][::-1])
    return cropped


def _code(drawn: Drawn) -> str:
    window = ", ".join(f"{side}={drawn[side]}" for side in ("top", "left", "height", "width"))
    return f"picture = F.resized_crop(picture, {window}, size={drawn['size_wh'][::-1]})"


def _recipe(values: Values) -> str:
    smallest, stretch = values["smallest"], values["stretch"]
    ratio = f"(width / height / {stretch!r}, width / height * {stretch!r})"
    return f"v2.RandomResizedCrop((height, width), scale=({smallest!r}, 1.0), ratio={ratio})"


def _move(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    corner = np.array([drawn["left"], drawn["top"]] * 2)
    window = np.array([drawn["width"], drawn["height"]] * 2)
    moved: Boxes = (xyxy - corner) * (np.array(drawn["size_wh"] * 2) / window)
    return moved


SPEC = Transform(
    name="crop",
    order=40,
    title="augment_crop",
    params=(
        Param("smallest", "augment_crop_smallest", "float", 0.5, 0.05, 1),
        Param("stretch", "augment_crop_stretch", "float", 1.3, 1, 2),
    ),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
    move=_move,
)
