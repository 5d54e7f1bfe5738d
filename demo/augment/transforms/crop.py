"""Random crop, enlarged to the size of the picture."""

import math
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Boxes, Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    smallest: float
    stretch: float


class _Sampled(TypedDict):
    top: int
    left: int
    height: int
    width: int
    size_wh: list[int]


class _Crop(Transform[_Params, _Sampled]):
    name = "crop"
    order = 40
    title = "augment_crop"
    params = (
        Param("smallest", "augment_crop_smallest", "float", 0.5, 0.05, 1),
        Param("stretch", "augment_crop_stretch", "float", 1.3, 1, 2),
    )

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        share, aspect, across, down = rng.random(4).tolist()
        area = 1 - share * (1 - params["smallest"])
        stretch = params["stretch"] ** (2 * aspect - 1)
        wide = min(1.0, math.sqrt(area * stretch))
        high = min(1.0, area / wide)
        wide = min(1.0, area / high)
        width, height = (
            max(1, round(side * part)) for side, part in zip(size_wh, (wide, high), strict=True)
        )
        return {
            "top": int(down * (size_wh[1] - height + 1)),
            "left": int(across * (size_wh[0] - width + 1)),
            "height": height,
            "width": width,
            "size_wh": list(size_wh),
        }

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        window = (sampled["top"], sampled["left"], sampled["height"], sampled["width"])
        cropped: Tensor = F.resized_crop(picture, *window, size=sampled["size_wh"][::-1])
        return cropped

    def code(self, sampled: _Sampled) -> str:
        window = (
            f"top={sampled['top']}, left={sampled['left']}, "
            f"height={sampled['height']}, width={sampled['width']}"
        )
        return f"picture = F.resized_crop(picture, {window}, size={sampled['size_wh'][::-1]})"

    def recipe(self, params: _Params) -> str:
        smallest, stretch = params["smallest"], params["stretch"]
        ratio = f"(width / height / {stretch!r}, width / height * {stretch!r})"
        return f"v2.RandomResizedCrop((height, width), scale=({smallest!r}, 1.0), ratio={ratio})"

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: _Sampled) -> Boxes:
        corner = np.array([sampled["left"], sampled["top"]] * 2)
        window = np.array([sampled["width"], sampled["height"]] * 2)
        scale: Boxes = np.array(sampled["size_wh"] * 2) / window
        moved: Boxes = (xyxy - corner) * scale
        return moved


SPEC = _Crop()
