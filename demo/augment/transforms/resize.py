"""Random reduction of the size, with the aspect ratio kept."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Boxes, Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    smallest: float
    interpolation: str


class _Sampled(TypedDict):
    size_wh: list[int]
    interpolation: str


class _Resize(Transform[_Params, _Sampled]):
    name = "resize"
    order = 50
    title = "augment_resize"
    params = (
        Param("smallest", "augment_resize_smallest", "float", 0.5, 0.1, 1),
        Param(
            "interpolation",
            "augment_resize_interpolation",
            "choice",
            "bilinear",
            choices=("nearest", "bilinear", "bicubic"),
        ),
    )

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        scale = 1 - rng.random() * (1 - params["smallest"])
        size = [max(1, round(side * scale)) for side in size_wh]
        return {"size_wh": size, "interpolation": params["interpolation"]}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import InterpolationMode
        from torchvision.transforms.v2 import functional as F

        mode = InterpolationMode(sampled["interpolation"])
        resized: Tensor = F.resize(picture, sampled["size_wh"][::-1], interpolation=mode)
        return resized

    def code(self, sampled: _Sampled) -> str:
        mode = f"v2.InterpolationMode.{sampled['interpolation'].upper()}"
        return f"picture = F.resize(picture, {sampled['size_wh'][::-1]}, interpolation={mode})"

    def recipe(self, params: _Params) -> str:
        mode = f"v2.InterpolationMode.{params['interpolation'].upper()}"
        scales = f"scale_range=({params['smallest']!r}, 1.0)"
        return f"v2.ScaleJitter((height, width), {scales}, interpolation={mode})"

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: _Sampled) -> Boxes:
        scale: Boxes = np.array(sampled["size_wh"] * 2) / np.array(size_wh * 2)
        return xyxy * scale

    def size_after(self, size_wh: SizeWH, sampled: _Sampled) -> SizeWH:
        width, height = sampled["size_wh"]
        return width, height


SPEC = _Resize()
