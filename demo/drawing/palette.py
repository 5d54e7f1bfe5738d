"""One colour a class, the same in box, table and chart."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green, blue, 0–255."""

COLOURS = 80
"""Number of distinguishable colours; class 80 has the colour of class 0 again."""

_FIRST: tuple[Colour, ...] = (
    (59, 130, 246),
    (249, 115, 22),
    (16, 185, 129),
    (236, 72, 153),
    (139, 92, 246),
    (234, 170, 8),
    (6, 182, 212),
    (239, 68, 68),
    (132, 190, 22),
)
"""Chosen by hand: most pictures show few classes."""
_LUMINANCE = (0.13, 0.5)
"""A contrast of 2:1 or more to a white page, 3:1 or more to a black one."""
_CHROMA = (0.11, 0.23)
"""Greys and browns would be lost in a photo; neon colours would distract from it."""


def palette(class_id: int) -> Colour:
    """The colour of a class: always the same, and as far as possible from earlier classes."""
    return _colours()[class_id % COLOURS]


def hex_color(class_id: int) -> str:
    """The colour of a class for HTML and CSS, `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*palette(class_id))


def text_colour(back: Colour) -> Colour:
    """Black or white, whichever has the higher contrast to `back` (WCAG 2.2)."""
    # Equal contrast: (L + .05) / .05 = 1.05 / (L + .05).
    light = luminance(back) > (1.05 * 0.05) ** 0.5 - 0.05
    return (0, 0, 0) if light else (255, 255, 255)


def luminance(colour: Colour) -> float:
    """Relative luminance of an sRGB colour, 0–1 (WCAG 2.2)."""
    return float(_linear(np.array(colour)) @ (0.2126, 0.7152, 0.0722))


@cache
def _colours() -> tuple[Colour, ...]:
    """Farthest-point sampling in OKLab over a grid of the allowed sRGB colours."""
    steps = np.arange(0, 256, 17)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    light = _linear(grid) @ (0.2126, 0.7152, 0.0722)
    lab = _oklab(grid)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    allowed = (
        (light > _LUMINANCE[0])
        & (light < _LUMINANCE[1])
        & (chroma > _CHROMA[0])
        & (chroma < _CHROMA[1])
    )
    grid, lab = grid[allowed], lab[allowed]
    chosen = list(_FIRST)
    taken = _oklab(np.array(chosen))
    distance = ((lab[:, None] - taken) ** 2).sum(axis=-1).min(axis=1)
    while len(chosen) < COLOURS:
        best = int(distance.argmax())
        red, green, blue = grid[best].tolist()
        chosen.append((red, green, blue))
        distance = np.minimum(distance, ((lab - lab[best]) ** 2).sum(axis=1))
    return tuple(chosen)


def _linear(rgb: NDArray[np.int64]) -> NDArray[np.float64]:
    """…×3 sRGB 0–255 → linear light 0–1 (IEC 61966-2-1)."""
    value = rgb / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _oklab(rgb: NDArray[np.int64]) -> NDArray[np.float64]:
    """N×3 sRGB 0–255 → OKLab, a perceptually uniform space (Ottosson 2020)."""
    lms = _linear(rgb) @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.asarray(
        np.cbrt(lms)
        @ np.array(
            [
                [0.2104542553, 1.9779984951, 0.0259040371],
                [0.7936177850, -2.4285922050, 0.7827717662],
                [-0.0040720468, 0.4505937099, -0.8086757660],
            ]
        )
    )
