"""Saves the picture as JPEG in poor quality and opens it again."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _range(values: Values) -> tuple[int, int]:
    """The two sliders may stand either way round."""
    ends = values["lowest"], values["highest"]
    return min(ends), max(ends)


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    low, high = _range(values)
    return {"quality": low + int(rng.random() * (high - low + 1))}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    saved: Tensor = F.jpeg(picture, drawn["quality"])
    return saved


def _code(drawn: Drawn) -> str:
    return f"picture = F.jpeg(picture, {drawn['quality']})"


def _recipe(values: Values) -> str:
    return f"v2.JPEG({_range(values)})"


SPEC = Transform(
    name="jpeg",
    order=120,
    title="augment_jpeg",
    params=(
        Param("lowest", "augment_jpeg_lowest", "int", 5, 1, 100, 1),
        Param("highest", "augment_jpeg_highest", "int", 50, 1, 100, 1),
    ),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
