"""Left and right mirrored with a given probability."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Boxes, Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    probability: float


class _Sampled(TypedDict):
    flip: bool


class _HorizontalFlip(Transform[_Params, _Sampled]):
    name = "horizontal_flip"
    order = 20
    title = "augment_horizontal_flip"
    params = (Param("probability", "augment_horizontal_flip_probability", "float", 0.5),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        return {"flip": bool(rng.random() < params["probability"])}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        flipped: Tensor = F.horizontal_flip(picture) if sampled["flip"] else picture
        return flipped

    def code(self, sampled: _Sampled) -> str:
        return "picture = F.horizontal_flip(picture)" if sampled["flip"] else ""

    def recipe(self, params: _Params) -> str:
        return f"v2.RandomHorizontalFlip({params['probability']!r})"

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: _Sampled) -> Boxes:
        if not sampled["flip"]:
            return xyxy
        x0, y0, x1, y1 = xyxy.T
        return np.stack([size_wh[0] - x1, y0, size_wh[0] - x0, y1], axis=1)


SPEC = _HorizontalFlip()
