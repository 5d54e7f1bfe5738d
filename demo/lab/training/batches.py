"""Batches of training pictures: augmentation, resizing, normalisation."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from demo.augment.pipeline import Pipeline, apply_steps
from demo.lab.recipe import ClassifierRecipe


def augment(
    pixels: Tensor,
    recipe: ClassifierRecipe,
    seed: int,
    indices: Sequence[int],
    size_hw: tuple[int, int],
) -> Tensor:
    """Apply the recipe's transforms, a random shift by up to `pad` pixels and a random mirror.

    Args:
        pixels: N×3×H×W uint8.
        seed, indices: seed of the epoch and index of each picture in the data set, from which the
            parameters of the transforms are drawn; shifts and mirrors use torch's generator.
        size_hw: height and width of the result in pixels.

    Returns:
        N×3×h×w uint8 of `size_hw`.
    """
    if recipe.transforms or pixels.shape[2:] != size_hw:
        pixels = transform(pixels, recipe, seed, indices, size_hw)
    if recipe.pad:
        pixels = shift(pixels, recipe.pad)
    return mirror_half(pixels) if recipe.flip else pixels


def transform(
    pixels: Tensor,
    recipe: ClassifierRecipe,
    seed: int,
    indices: Sequence[int],
    size_hw: tuple[int, int],
) -> Tensor:
    """Apply the recipe's transforms to each picture, then resize it; see `augment`."""
    from torchvision.transforms.v2 import functional

    steps = [{"name": name, "params": params} for name, params in recipe.transforms]
    pipeline = Pipeline.parse(steps)
    size_wh = (pixels.shape[3], pixels.shape[2])
    changed = []
    for picture, index in zip(pixels, indices, strict=True):
        picture = apply_steps(picture, pipeline.sample(size_wh, seed, index))
        changed.append(functional.resize(picture, list(size_hw), antialias=True))
    return torch.stack(changed)


def resize(images: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """N×H×W×3 uint8 → N×h×w×3 uint8 of `size_hw`, with antialiasing."""
    from torchvision.transforms.v2 import functional

    if images.shape[1:3] == size_hw:
        return images
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    small = functional.resize(pixels, list(size_hw), antialias=True)
    return np.ascontiguousarray(small.permute(0, 2, 3, 1).numpy())


def shift(pixels: Tensor, pad: int) -> Tensor:
    """Move each of N×3×H×W uint8 by up to `pad` pixels in both axes, with a reflected border."""
    n, _, height, width = pixels.shape
    wide = F.pad(pixels.float(), (pad,) * 4, mode="reflect").to(torch.uint8)
    top, left = torch.randint(0, 2 * pad + 1, (2, n, 1, 1, 1))
    rows = top + torch.arange(height).view(1, 1, -1, 1)
    columns = left + torch.arange(width).view(1, 1, 1, -1)
    return wide[torch.arange(n).view(-1, 1, 1, 1), torch.arange(3).view(1, -1, 1, 1), rows, columns]


def mirror_half(pixels: Tensor) -> Tensor:
    """Mirror each of N×3×H×W left to right with probability ½."""
    return torch.where(torch.rand(len(pixels), 1, 1, 1) < 0.5, pixels.flip(3), pixels)


def normalise(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """N×3×H×W uint8 → float32, (pixel / 255 − mean) / std, channels last."""
    scale = torch.tensor(std).view(1, 3, 1, 1) * 255
    offset = torch.tensor(mean).view(1, 3, 1, 1) * 255
    return ((pixels.float() - offset) / scale).contiguous(memory_format=torch.channels_last)
