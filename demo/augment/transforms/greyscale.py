"""Takes the colours away."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    return {"grey": bool(rng.random() < values["probability"])}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    changed: Tensor = F.rgb_to_grayscale(picture, 3) if drawn["grey"] else picture
    return changed


def _code(drawn: Drawn) -> str:
    return "picture = F.rgb_to_grayscale(picture, 3)" if drawn["grey"] else ""


def _recipe(values: Values) -> str:
    return f"v2.RandomGrayscale({values['probability']!r})"


SPEC = Transform(
    name="greyscale",
    order=80,
    title="augment_greyscale",
    params=(Param("probability", "augment_greyscale_probability", "float", 0.3),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
