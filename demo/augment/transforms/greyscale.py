"""Colours removed with a given probability."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    probability: float


class _Sampled(TypedDict):
    grey: bool


class _Greyscale(Transform[_Params, _Sampled]):
    name = "greyscale"
    order = 80
    title = "augment_greyscale"
    params = (Param("probability", "augment_greyscale_probability", "float", 0.3),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        return {"grey": bool(rng.random() < params["probability"])}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        grey: Tensor = F.rgb_to_grayscale(picture, 3) if sampled["grey"] else picture
        return grey

    def code(self, sampled: _Sampled) -> str:
        return "picture = F.rgb_to_grayscale(picture, 3)" if sampled["grey"] else ""

    def recipe(self, params: _Params) -> str:
        return f"v2.RandomGrayscale({params['probability']!r})"


SPEC = _Greyscale()
