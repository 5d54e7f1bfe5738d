"""Adds Gaussian noise, another number for each pixel and channel."""

from typing import TYPE_CHECKING

import numpy as np

from demo.augment.spec import Drawn, Param, SizeWH, Transform, Values

if TYPE_CHECKING:
    from torch import Tensor


def _draw(rng: np.random.Generator, size_wh: SizeWH, values: Values) -> Drawn:
    return {"seed": int(rng.integers(2**32)), "sigma": values["sigma"]}


def _change(picture: "Tensor", drawn: Drawn) -> "Tensor":
    """What `gaussian_noise` of torchvision 0.26 does after `torch.manual_seed`.

    It draws from the one generator that every thread shares; this one belongs to the call.
    """
    import torch

    generator = torch.Generator().manual_seed(drawn["seed"])
    noise = torch.randn(picture.shape, generator=generator) * (drawn["sigma"] * 255)
    noisy: Tensor = picture.contiguous() + noise.to(torch.int16)
    return noisy.clamp(0, 255).to(torch.uint8)


def _code(drawn: Drawn) -> str:
    noisy = f"picture = F.gaussian_noise(picture.contiguous(), sigma={drawn['sigma']!r})"
    return f"torch.manual_seed({drawn['seed']})\n{noisy}"


def _recipe(values: Values) -> str:
    return f"v2.GaussianNoise(sigma={values['sigma']!r})"


SPEC = Transform(
    name="noise",
    order=100,
    title="augment_noise",
    params=(Param("sigma", "augment_noise_sigma", "float", 0.1, 0, 0.5, 0.01),),
    draw=_draw,
    change=_change,
    code=_code,
    recipe=_recipe,
)
