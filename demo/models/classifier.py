"""Classifiers: resize, centre crop, normalise; probabilities over fixed labels."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from demo.geometry.letterbox import CenterCrop
from demo.models.checkpoint import nbytes
from demo.models.spec import Prepared, UnknownRule
from demo.results import Image, Scores, check_image

_LONGEST = 16
"""Beyond this ratio of the sides, what lies far outside the crop is cut off before the resize."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The preprocessing that the weights were trained with, as torchvision's presets state it.

    resize: the shorter side, pixels. crop: side of the square in the middle. interpolation:
    `bilinear` or `bicubic`, antialiased. mean, std: of RGB in 0–1.
    """

    resize: int
    crop: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Classifier:
    """A network of N×3×h×w → N×C logits with its recipe, labels and unknown rule."""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        labels: tuple[str, ...],
        device: torch.device,
        unknown: UnknownRule | None = None,
    ) -> None:
        on_device: Any = network.eval().requires_grad_(False).to(device)
        self._network = on_device.to(memory_format=torch.channels_last)
        self._recipe = recipe
        self._labels = labels
        self._device = device
        self._unknown = unknown
        self.size_bytes = nbytes(network)

    def preprocess(self, image: Image, size: int) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×crop×crop float32, equal to torchvision's preset on tensors.

        size: ignored, the recipe fixes it. A picture longer than 16:1 loses its far ends first, so
        that the resize stays small; that moves the crop by less than 1/16 of a network pixel.
        """
        check_image(image)
        inner, (left, top) = _middle(image)
        geometry = CenterCrop.fit(
            (inner.shape[1], inner.shape[0]), self._recipe.resize, self._recipe.crop
        )
        seen = _crop(inner, geometry, self._recipe.interpolation)
        pixels = (seen.astype(np.float32) / np.float32(255) - self._mean) / self._std
        x0, y0, x1, y1 = geometry.window_xyxy
        tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        return Prepared(tensor, (x0 + left, y0 + top, x1 + left, y1 + top), seen, geometry)

    @torch.inference_mode()
    def forward(self, batch: Tensor) -> Tensor:
        """N×3×h×w float32 CPU → N×C float32 logits on the CPU."""
        batch = batch.to(self._device, memory_format=torch.channels_last, non_blocking=True)
        return cast(Tensor, self._network(batch)).float().cpu()

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Scores:
        """1×C logits → probabilities, and whether the picture is probably one of the classes."""
        logits = raw[0].numpy().astype(np.float64)
        rule = self._unknown
        scaled = logits / (rule.temperature if rule else 1.0)
        peak = scaled.max()
        exponents = np.exp(scaled - peak)
        probabilities = (exponents / exponents.sum()).astype(np.float32)
        if rule is None:
            return Scores(probabilities, self._labels)
        energy = rule.temperature * (peak + np.log(exponents.sum()))
        return Scores(probabilities, self._labels, known=bool(energy >= rule.threshold))

    @property
    def _mean(self) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        return np.array(self._recipe.mean, np.float32)

    @property
    def _std(self) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        return np.array(self._recipe.std, np.float32)


def _middle(image: Image) -> tuple[Image, tuple[int, int]]:
    """The middle of a very long picture and its offset x, y in the picture."""
    height, width = image.shape[:2]
    most = _LONGEST * min(height, width)
    left, top = max(width - most, 0) // 2, max(height - most, 0) // 2
    return image[top : height - top, left : width - left], (left, top)


def _crop(image: Image, geometry: CenterCrop, interpolation: str) -> Image:
    from torchvision.transforms import InterpolationMode, functional

    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    width, height = geometry.resized_wh
    small = functional.resize(
        pixels, [height, width], interpolation=InterpolationMode(interpolation), antialias=True
    )
    middle = functional.center_crop(small, [geometry.crop, geometry.crop])
    return cast(Image, np.ascontiguousarray(middle.permute(1, 2, 0).numpy()))
