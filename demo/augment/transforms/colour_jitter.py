"""Random brightness, contrast, saturation and hue, changed in a random order."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    brightness: float
    contrast: float
    saturation: float
    hue: float


class _Sampled(TypedDict):
    adjust: list[list[str | float]]
    """Pairs of a property and its amount, in the order of their application."""


class _ColourJitter(Transform[_Params, _Sampled]):
    name = "colour_jitter"
    order = 70
    title = "augment_colour_jitter"
    params = (
        Param("brightness", "augment_colour_jitter_brightness", "float", 0.3),
        Param("contrast", "augment_colour_jitter_contrast", "float", 0.3),
        Param("saturation", "augment_colour_jitter_saturation", "float", 0.3),
        Param("hue", "augment_colour_jitter_hue", "float", 0.05, 0, 0.5, 0.01),
    )

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        """Factors about 1; for the hue a part of the colour circle about 0."""
        ranges = _ranges(params)
        shifts = rng.uniform(-1, 1, 4).tolist()
        order = [list(ranges)[place] for place in rng.permutation(4)]
        amounts = {
            name: round(shift * ranges[name] + (name != "hue"), 4)
            for name, shift in zip(ranges, shifts, strict=True)
        }
        return {"adjust": [[name, amounts[name]] for name in order if ranges[name] > 0]}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        from torchvision.transforms.v2 import functional as F

        adjust = {
            "brightness": F.adjust_brightness,
            "contrast": F.adjust_contrast,
            "saturation": F.adjust_saturation,
            "hue": F.adjust_hue,
        }
        for name, amount in sampled["adjust"]:
            picture = adjust[str(name)](picture, amount)
        return picture

    def code(self, sampled: _Sampled) -> str:
        return "\n".join(
            f"picture = F.adjust_{name}(picture, {amount!r})" for name, amount in sampled["adjust"]
        )

    def recipe(self, params: _Params) -> str:
        ranges = (f"{name}={value!r}" for name, value in _ranges(params).items())
        return f"v2.ColorJitter({', '.join(ranges)})"


def _ranges(params: _Params) -> dict[str, float]:
    return {
        "brightness": params["brightness"],
        "contrast": params["contrast"],
        "saturation": params["saturation"],
        "hue": params["hue"],
    }


SPEC = _ColourJitter()
