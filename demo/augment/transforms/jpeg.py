"""JPEG compression of random quality, decoded again."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    lowest: int
    highest: int


class _Sampled(TypedDict):
    quality: int


class _Jpeg(Transform[_Params, _Sampled]):
    name = "jpeg"
    order = 120
    title = "augment_jpeg"
    params = (
        Param("lowest", "augment_jpeg_lowest", "int", 5, 1, 100, 1),
        Param("highest", "augment_jpeg_highest", "int", 50, 1, 100, 1),
    )

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        low, high = _range(params)
        return {"quality": low + int(rng.random() * (high - low + 1))}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        saved: Tensor = F.jpeg(picture, sampled["quality"])
        return saved

    def code(self, sampled: _Sampled) -> str:
        return f"picture = F.jpeg(picture, {sampled['quality']})"

    def recipe(self, params: _Params) -> str:
        return f"v2.JPEG({_range(params)})"


def _range(params: _Params) -> tuple[int, int]:
    """The two sliders may stand either way round."""
    ends = params["lowest"], params["highest"]
    return min(ends), max(ends)


SPEC = _Jpeg()
