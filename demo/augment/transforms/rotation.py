"""Random rotation about the centre; the uncovered corners are black."""

import math
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Boxes, Param, SizeWH, Transform, corners, hull

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    degrees: float


class _Sampled(TypedDict):
    angle: float


class _Rotation(Transform[_Params, _Sampled]):
    name = "rotation"
    order = 10
    title = "augment_rotation"
    params = (Param("degrees", "augment_rotation_degrees", "float", 30.0, 0, 180, 1, "°"),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        return {"angle": round(rng.uniform(-1, 1) * params["degrees"], 3)}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import InterpolationMode
        from torchvision.transforms.v2 import functional as F

        bilinear = InterpolationMode.BILINEAR
        turned: Tensor = F.rotate(picture, sampled["angle"], interpolation=bilinear)
        return turned

    def code(self, sampled: _Sampled) -> str:
        bilinear = "interpolation=v2.InterpolationMode.BILINEAR"
        return f"picture = F.rotate(picture, {sampled['angle']!r}, {bilinear})"

    def recipe(self, params: _Params) -> str:
        degrees = params["degrees"]
        return f"v2.RandomRotation({degrees!r}, interpolation=v2.InterpolationMode.BILINEAR)"

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: _Sampled) -> Boxes:
        """Positive angles turn counter-clockwise as displayed; y points down, hence the signs."""
        angle = math.radians(sampled["angle"])
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        centre = np.array(size_wh) / 2
        return hull((corners(xyxy) - centre) @ turn.T + centre)


SPEC = _Rotation()
