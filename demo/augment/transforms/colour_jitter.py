"""Changes brightness, contrast, saturation and hue, in a random order."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor

_PROPERTIES = ("brightness", "contrast", "saturation", "hue")


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    """Factors about 1, for the hue a part of the colour circle about 0."""
    shifts = rng.uniform(-1, 1, 4)
    order = [_PROPERTIES[place] for place in rng.permutation(4)]
    amounts = {
        name: round(float(shift * values[name] + (name != "hue")), 4)
        for name, shift in zip(_PROPERTIES, shifts, strict=True)
    }
    return {"adjust": [[name, amounts[name]] for name in order if values[name] > 0]}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    adjust = {
        "brightness": F.adjust_brightness,
        "contrast": F.adjust_contrast,
        "saturation": F.adjust_saturation,
        "hue": F.adjust_hue,
    }
    for name, amount in drawn["adjust"]:
        picture = adjust[name](picture, amount)
    return picture


def _code(drawn: Drawn) -> str:
    lines = [f"picture = F.adjust_{name}(picture, {amount!r})" for name, amount in drawn["adjust"]]
    return "\n".join(lines)


def _recipe(values: Values) -> str:
    return f"v2.ColorJitter({', '.join(f'{name}={values[name]!r}' for name in _PROPERTIES)})"


SPEC = Transform(
    name="colour_jitter",
    order=70,
    title="augment_colour_jitter",
    params=(
        Param("brightness", "augment_colour_jitter_brightness", "float", 0.3),
        Param("contrast", "augment_colour_jitter_contrast", "float", 0.3),
        Param("saturation", "augment_colour_jitter_saturation", "float", 0.3),
        Param("hue", "augment_colour_jitter_hue", "float", 0.05, 0, 0.5, 0.01),
    ),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
