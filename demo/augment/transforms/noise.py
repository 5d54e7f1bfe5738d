"""Gaussian noise, sampled for each pixel and channel."""

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo.augment.spec import Param, SizeWH, Transform

if TYPE_CHECKING:
    from torch import Tensor


class _Params(TypedDict):
    sigma: float


class _Sampled(TypedDict):
    seed: int
    sigma: float


class _Noise(Transform[_Params, _Sampled]):
    name = "noise"
    order = 100
    title = "augment_noise"
    params = (Param("sigma", "augment_noise_sigma", "float", 0.1, 0, 0.5, 0.01),)

    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: _Params) -> _Sampled:
        return {"seed": int(rng.integers(2**32)), "sigma": params["sigma"]}

    def apply(self, picture: "Tensor", sampled: _Sampled) -> "Tensor":
        """Equal to `gaussian_noise` of torchvision 0.26 after `torch.manual_seed`.

        That one samples from torch's generator, which all threads share; this one belongs to the
        call.
        """
        import torch

        generator = torch.Generator().manual_seed(sampled["seed"])
        noise = torch.randn(picture.shape, generator=generator) * (sampled["sigma"] * 255)
        noisy: Tensor = picture.contiguous() + noise.to(torch.int16)
        return noisy.clamp(0, 255).to(torch.uint8)

    def code(self, sampled: _Sampled) -> str:
        noisy = f"picture = F.gaussian_noise(picture.contiguous(), sigma={sampled['sigma']!r})"
        return f"torch.manual_seed({sampled['seed']})\n{noisy}"

    def recipe(self, params: _Params) -> str:
        return f"v2.GaussianNoise(sigma={params['sigma']!r})"


SPEC = _Noise()
