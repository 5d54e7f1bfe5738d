"""Blurs as a lens out of focus does, with a Gaussian of random width."""

import math
from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 0.1


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    """The kernel reaches 3 sigma far, but never beyond the mirrored border of a tiny picture."""
    sigma = round(_LEAST + rng.random() * (values["sigma"] - _LEAST), 3)
    reach = math.ceil(3 * sigma)
    return {"sigma": sigma, "kernel_wh": [2 * min(reach, side - 1) + 1 for side in size_wh]}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    """One axis after the other: the same blur up to rounding, in a third of the time."""
    from torchvision.transforms.v2 import functional as F

    width, height = drawn["kernel_wh"]
    across: Tensor = F.gaussian_blur(picture, [width, 1], drawn["sigma"])
    blurred: Tensor = F.gaussian_blur(across, [1, height], drawn["sigma"])
    return blurred


def _code(drawn: Drawn) -> str:
    width, height = drawn["kernel_wh"]
    return "\n".join(
        f"picture = F.gaussian_blur(picture, {kernel}, {drawn['sigma']!r})"
        for kernel in ([width, 1], [1, height])
    )


def _recipe(values: Values) -> str:
    kernel = 2 * math.ceil(3 * values["sigma"]) + 1
    return f"v2.GaussianBlur({kernel}, sigma=({_LEAST}, {values['sigma']!r}))"


SPEC = Transform(
    name="blur",
    order=90,
    title="augment_blur",
    params=(Param("sigma", "augment_blur_sigma", "float", 2.0, _LEAST, 8, 0.1, "px"),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
