"""Colours inverted with a given probability."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    chance: float


class _Sampled(TypedDict):
    invert: bool


class _Negative(Transform[_Params, _Sampled]):
    name = "negative"
    order = 85
    title = "augment_greyscale"
    params = (Param("chance", "augment_greyscale_probability", "float", 1.0),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        return {"invert": bool(rng.random() < params["chance"])}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        inverted: Tensor = F.invert(picture) if sampled["invert"] else picture
        return inverted

    def code(self, sampled: _Sampled) -> str:
        return "picture = F.invert(picture)" if sampled["invert"] else ""

    def recipe(self, params: _Params) -> str:
        return f"v2.RandomInvert({params['chance']!r})"


SPEC = _Negative()
