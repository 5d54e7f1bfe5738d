"""Random rectangles covered with one grey; boxes stay as if nothing were covered."""

import math
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor

_MIN_AREA = 0.02
_MAX_ASPECT = 3.3
"""Smallest part of the picture and longest rectangle: the defaults of RandomErasing."""


class _Params(TypedDict):
    largest: float
    count: int
    fill: int


class _Sampled(TypedDict):
    holes: list[list[int]]
    fill: int


class _Cutout(Transform[_Params, _Sampled]):
    name = "cutout"
    order = 110
    title = "augment_cutout"
    params = (
        Param("largest", "augment_cutout_largest", "float", 0.2, _MIN_AREA, 0.5, 0.01),
        Param("count", "augment_cutout_count", "int", 1, 1, 8, 1),
        Param("fill", "augment_cutout_fill", "int", 0, 0, 255, 1),
    )

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        holes = [_hole(rng, size_wh, params["largest"]) for _ in range(params["count"])]
        return {"holes": holes, "fill": params["fill"]}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        import torch
        from torchvision.transforms.v2 import functional as F

        for top, left, height, width in sampled["holes"]:
            picture = F.erase(picture, top, left, height, width, torch.tensor(sampled["fill"]))
        return picture

    def code(self, sampled: _Sampled) -> str:
        fill = f"torch.tensor({sampled['fill']})"
        return "\n".join(
            f"picture = F.erase(picture, {', '.join(map(str, hole))}, {fill})"
            for hole in sampled["holes"]
        )

    def recipe(self, params: _Params) -> str:
        scale = f"scale=({_MIN_AREA}, {params['largest']!r})"
        ratio = f"ratio=({1 / _MAX_ASPECT:.2f}, {_MAX_ASPECT})"
        erasing = f"v2.RandomErasing(1.0, {scale}, {ratio}, value={params['fill']})"
        count = params["count"]
        return erasing if count == 1 else f"*({erasing} for _ in range({count}))"


def _hole(rng: np.random.Generator, size_wh: SizeWH, largest: float) -> list[int]:
    """One rectangle: top, left, height, width; at least one pixel."""
    share, aspect, across, down = rng.random(4)
    area = (_MIN_AREA + share * (largest - _MIN_AREA)) * size_wh[0] * size_wh[1]
    stretch = _MAX_ASPECT ** (2 * aspect - 1)
    width = min(size_wh[0], max(1, round(math.sqrt(area * stretch))))
    height = min(size_wh[1], max(1, round(math.sqrt(area / stretch))))
    top, left = int(down * (size_wh[1] - height + 1)), int(across * (size_wh[0] - width + 1))
    return [top, left, height, width]


SPEC = _Cutout()
