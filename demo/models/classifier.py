"""Classifiers: resize, centre crop, normalise; probabilities over fixed labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.geometry.antialias import resize_antialiased
from demo.geometry.letterbox import CenterCrop
from demo.models.spec import (
    ImageRequest,
    InputView,
    Outputs,
    Prepared,
    Request,
    UnknownRule,
)
from demo.models.target import Target
from demo.results import Image, Scores, check_image

LINEAR_PROBE = "linear-probe"
CLASS_ANCHORS = "class-anchors"
"""Methods of `UnknownRule`."""
_MAX_ASPECT = 16
"""Beyond this ratio of the sides, pixels far outside the crop are cut off before the resize."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The preprocessing that the weights were trained with, as torchvision's presets state it.

    resize: the shorter side, pixels. crop: side of the square in the middle. interpolation:
    `bilinear` or `bicubic`, antialiased. mean, std: of RGB in 0–1.
    """

    resize: int
    crop: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Preprocessing and postprocessing of a network of N×3×h×w → N×C logits.

    With a rule of `class-anchors` its second output is N×1, the nearness to the classes.
    """

    name: str
    preprocessing: Preprocessing
    labels: tuple[str, ...]
    unknown: UnknownRule | None = None

    def preprocess(self, request: Request) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×crop×crop float32, equal to torchvision's preset on tensors.

        The input size is fixed by the preset. A picture longer than 16:1 loses its far ends first,
        so that the resize stays small; that moves the crop by less than 1/16 of a network pixel.
        Raises DemoError for a request without a picture.
        """
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name=self.name)
        image, preset = request.image, self.preprocessing
        check_image(image)
        inner, (left, top) = _middle(image)
        geometry = CenterCrop.fit((inner.shape[1], inner.shape[0]), preset.resize, preset.crop)
        network_input = _crop(inner, geometry, preset.interpolation)
        mean, std = np.array(preset.mean, np.float32), np.array(preset.std, np.float32)
        pixels = (network_input.astype(np.float32) / np.float32(255) - mean) / std
        x0, y0, x1, y1 = geometry.window_xyxy
        window = (x0 + left, y0 + top, x1 + left, y1 + top)
        view = InputView(window, network_input, (image.shape[1], image.shape[0]))
        return Prepared(pixels.transpose(2, 0, 1)[None], geometry, view)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        """1×C logits → probabilities, and whether the picture is probably one of the classes.

        Raises DemoError for numbers that are not finite.
        """
        if not all(np.isfinite(output[0]).all() for output in outputs):
            raise DemoError("not_finite", name=self.name)
        rule = self.unknown
        logits = outputs[0][0].astype(np.float64)
        scaled = logits / (rule.temperature if rule else 1.0)
        peak = scaled.max()
        exponents = np.exp(scaled - peak)
        probabilities = (exponents / exponents.sum()).astype(np.float32)
        if rule is None:
            return Scores(probabilities, self.labels)
        if rule.method == CLASS_ANCHORS:
            score = float(outputs[1][0, 0])
        elif rule.method == LINEAR_PROBE:
            score = float(logits @ np.array(rule.weights))
        else:
            score = float(rule.temperature * (peak + np.log(exponents.sum())))
        return Scores(probabilities, self.labels, known=score >= rule.threshold)

    def output_index(self, outputs: Outputs, prepared: Prepared, target: Target) -> tuple[int, ...]:
        """The class's own logit, see `Explainable`."""
        return (target.class_id,)

    def output_scores(
        self, output: NDArray[np.float32], index: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """N×C logits → N probabilities of the class, see `Explainable`."""
        scaled = output.astype(np.float64) / (self.unknown.temperature if self.unknown else 1.0)
        exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = exponents[:, index[0]] / exponents.sum(axis=1)
        return shares


def _middle(image: Image) -> tuple[Image, tuple[int, int]]:
    """The middle of a very long picture and its offset x, y in the picture."""
    height, width = image.shape[:2]
    longest = _MAX_ASPECT * min(height, width)
    left, top = max(width - longest, 0) // 2, max(height - longest, 0) // 2
    return image[top : height - top, left : width - left], (left, top)


def _crop(image: Image, geometry: CenterCrop, interpolation: str) -> Image:
    """Resize and cut out the middle, between black borders where the crop is larger."""
    resized = resize_antialiased(image, geometry.resized_wh, interpolation)
    height, width = resized.shape[:2]
    side = geometry.crop
    if width < side or height < side:
        rows, columns = max(side - height, 0), max(side - width, 0)
        borders = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
        resized = np.pad(resized, borders)
        height, width = resized.shape[:2]
    top, left = round((height - side) / 2), round((width - side) / 2)
    return np.ascontiguousarray(resized[top : top + side, left : left + side])
