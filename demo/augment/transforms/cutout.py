"""Covers random rectangles with one grey; the boxes stay as if nothing were covered."""

import math
from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 0.02
_ASPECT = 3.3
"""Smallest covered share and longest rectangle: the defaults of RandomErasing."""


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    holes = [_hole(rng, size_wh, values["largest"]) for _ in range(values["count"])]
    return {"holes": holes, "fill": values["fill"]}


def _hole(rng: np.random.Generator, size_wh: SizeWH, largest: float) -> list[int]:
    """One rectangle: top, left, height, width; at least one pixel."""
    share, aspect, across, down = rng.random(4)
    area = (_LEAST + share * (largest - _LEAST)) * size_wh[0] * size_wh[1]
    stretch = _ASPECT ** (2 * aspect - 1)
    width = min(size_wh[0], max(1, round(math.sqrt(area * stretch))))
    height = min(size_wh[1], max(1, round(math.sqrt(area / stretch))))
    top, left = int(down * (size_wh[1] - height + 1)), int(across * (size_wh[0] - width + 1))
    return [top, left, height, width]


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    import torch
    from torchvision.transforms.v2 import functional as F

    for top, left, height, width in drawn["holes"]:
        picture = F.erase(picture, top, left, height, width, torch.tensor(drawn["fill"]))
    return picture


def _code(drawn: Drawn) -> str:
    return "\n".join(
        f"picture = F.erase(picture, {', '.join(map(str, hole))}, torch.tensor({drawn['fill']}))"
        for hole in drawn["holes"]
    )


def _recipe(values: Values) -> str:
    scale = f"scale=({_LEAST}, {values['largest']!r})"
    ratio = f"ratio=({1 / _ASPECT:.2f}, {_ASPECT})"
    erasing = f"v2.RandomErasing(1.0, {scale}, {ratio}, value={values['fill']})"
    return erasing if values["count"] == 1 else f"*({erasing} for _ in range({values['count']}))"


SPEC = Transform(
    name="cutout",
    order=110,
    title="augment_cutout",
    params=(
        Param("largest", "augment_cutout_largest", "float", 0.2, _LEAST, 0.5, 0.01),
        Param("count", "augment_cutout_count", "int", 1, 1, 8, 1),
        Param("fill", "augment_cutout_fill", "int", 0, 0, 255, 1),
    ),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
