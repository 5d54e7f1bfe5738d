"""The networks of a DCGAN for 32×32 pixels: a generator and a discriminator.

After Radford, Metz and Chintala 2016, arXiv:1511.06434: (transposed) convolutions of 4×4 and
stride 2 instead of pooling, batch norm, ReLU and tanh in the generator, LeakyReLU of slope 0.2 in
the discriminator, weights drawn from N(0, 0.02²).
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

NOISE = 100
"""Length of the latent vector of one picture, each element of N(0, 1)."""


class Generator(nn.Sequential):
    """Noise N×100 float → pictures N×3×32×32 float, RGB, −1 (0) to 1 (255).

    width: channels of the last hidden layer; 64 gives 1,068,931 parameters.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__(
            nn.Unflatten(1, (NOISE, 1, 1)),
            *_grow(NOISE, 4 * width, stride=1, padding=0),
            *_grow(4 * width, 2 * width),
            *_grow(2 * width, width),
            nn.ConvTranspose2d(width, 3, 4, 2, 1),
            nn.Tanh(),
        )
        self.apply(_draw_weights)


class Discriminator(nn.Sequential):
    """Pictures N×3×32×32 float, −1 to 1 → N logits: above 0 real, below 0 generated.

    width: channels of the first layer. Used in training only.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            *_shrink(width, 2 * width),
            *_shrink(2 * width, 4 * width),
            nn.Conv2d(4 * width, 1, 4, 1, 0),
            nn.Flatten(0),
        )
        self.apply(_draw_weights)


def _grow(inputs: int, outputs: int, stride: int = 2, padding: int = 1) -> tuple[nn.Module, ...]:
    return (
        nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _shrink(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2),
    )


def _draw_weights(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def noise_of(seed: int, count: int) -> Tensor:
    """count×100 float32 of N(0, 1); a smaller count gives the first rows of a greater one."""
    # NumPy's generator: torch samples short and long tensors in different ways.
    drawn = np.random.default_rng(seed).standard_normal((count, NOISE), np.float32)
    return torch.from_numpy(drawn)


def to_pictures(raw: Tensor) -> NDArray[np.uint8]:
    """N×3×H×W float, −1 to 1, as a generator gives them → N×H×W×3 uint8 RGB."""
    shown = ((raw.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(shown.permute(0, 2, 3, 1).cpu().numpy())


GENERATORS: Mapping[str, Callable[[], nn.Module]] = {"dcgan-cifar10": Generator}
"""Architecture name, as a card states it → constructor."""
