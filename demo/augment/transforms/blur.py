"""Gaussian blur of random width, as of a lens out of focus."""

import math
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor

_MIN_SIGMA = 0.1


class _Params(TypedDict):
    sigma: float


class _Sampled(TypedDict):
    sigma: float
    kernel_wh: list[int]


class _Blur(Transform[_Params, _Sampled]):
    name = "blur"
    order = 90
    title = "augment_blur"
    params = (Param("sigma", "augment_blur_sigma", "float", 2.0, _MIN_SIGMA, 8, 0.1, "px"),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        """The kernel reaches 3 sigma, but not beyond the mirrored border of a tiny picture."""
        sigma = round(_MIN_SIGMA + rng.random() * (params["sigma"] - _MIN_SIGMA), 3)
        reach = math.ceil(3 * sigma)
        return {"sigma": sigma, "kernel_wh": [2 * min(reach, side - 1) + 1 for side in size_wh]}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        """One axis after the other: the same blur up to rounding, in a third of the time."""
        from torchvision.transforms.v2 import functional as F

        width, height = sampled["kernel_wh"]
        across: Tensor = F.gaussian_blur(picture, [width, 1], sampled["sigma"])
        blurred: Tensor = F.gaussian_blur(across, [1, height], sampled["sigma"])
        return blurred

    def code(self, sampled: _Sampled) -> str:
        width, height = sampled["kernel_wh"]
        return "\n".join(
            f"picture = F.gaussian_blur(picture, {kernel}, {sampled['sigma']!r})"
            for kernel in ([width, 1], [1, height])
        )

    def recipe(self, params: _Params) -> str:
        kernel = 2 * math.ceil(3 * params["sigma"]) + 1
        return f"v2.GaussianBlur({kernel}, sigma=({_MIN_SIGMA}, {params['sigma']!r}))"


SPEC = _Blur()
