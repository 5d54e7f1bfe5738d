"""Pictures on their way into a training: augmented, then normalised."""

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
    places: Sequence[int],
    size_hw: tuple[int, int],
) -> Tensor:
    """The recipe's transforms, a random shift by up to `pad` pixels, a mirror image for half.

    pixels: N×3×H×W uint8. Returns N×3×h×w uint8 of `size_hw`; each picture draws its own: for the
    transforms from `seed` and its place in the data, else from torch's generator.
    """
    if recipe.transforms or pixels.shape[2:] != size_hw:
        pixels = transformed(pixels, recipe, seed, places, size_hw)
    if recipe.pad:
        pixels = shifted(pixels, recipe.pad)
    if recipe.flip:
        mirrored = torch.rand(len(pixels), 1, 1, 1) < 0.5
        pixels = torch.where(mirrored, pixels.flip(3), pixels)
    return pixels


def transformed(
    pixels: Tensor,
    recipe: ClassifierRecipe,
    seed: int,
    places: Sequence[int],
    size_hw: tuple[int, int],
) -> Tensor:
    """Each picture through the project's own transforms, then to that height and width."""
    from torchvision.transforms.v2 import functional

    steps = [{"name": name, "params": params} for name, params in recipe.transforms]
    pipeline = Pipeline.parse(steps)
    size_wh = (pixels.shape[3], pixels.shape[2])
    changed = []
    for picture, place in zip(pixels, places, strict=True):
        picture = apply_steps(picture, pipeline.sample(size_wh, seed, place))
        changed.append(functional.resize(picture, list(size_hw), antialias=True))
    return torch.stack(changed)


def resized(images: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """N×H×W×3 uint8 squares at another size, with antialiasing, as the program resizes photos."""
    from torchvision.transforms.v2 import functional

    if images.shape[1:3] == size_hw:
        return images
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    small = functional.resize(pixels, list(size_hw), antialias=True)
    return np.ascontiguousarray(small.permute(0, 2, 3, 1).numpy())


def shifted(pixels: Tensor, pad: int) -> Tensor:
    """N×3×H×W uint8, each moved by up to `pad` pixels either way, its border reflected."""
    n, _, height, width = pixels.shape
    wide = F.pad(pixels.float(), (pad,) * 4, mode="reflect").to(torch.uint8)
    top, left = torch.randint(0, 2 * pad + 1, (2, n, 1, 1, 1))
    rows = top + torch.arange(height).view(1, 1, -1, 1)
    columns = left + torch.arange(width).view(1, 1, 1, -1)
    return wide[torch.arange(n).view(-1, 1, 1, 1), torch.arange(3).view(1, -1, 1, 1), rows, columns]


def normalise(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """N×3×H×W uint8 → float32, (pixel / 255 − mean) / std, channels last."""
    scale = torch.tensor(std).view(1, 3, 1, 1) * 255
    shift = torch.tensor(mean).view(1, 3, 1, 1) * 255
    return ((pixels.float() - shift) / scale).contiguous(memory_format=torch.channels_last)
