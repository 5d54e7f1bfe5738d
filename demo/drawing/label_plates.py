"""Label plates of boxes: text, font size, placement and drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.drawing.palette import Colour, text_colour
from demo.results import Image

_FONT_WEIGHT = 500
_MIN_FONT_SIZE = 9
"""Pixels; smaller letters are illegible."""
_MAX_CHARS = 60
"""Characters of a name that are kept; no plate has room for more."""
_MAX_COVERAGE = 0.12
"""Part of the picture that plates may cover before the font shrinks, to half at most."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Font size and plate geometry of one picture, in pixels."""

    size: int
    pad_x: int
    height: int
    """Height of a plate."""
    baseline: int
    """Distance of the text's baseline from the top of its plate."""

    @classmethod
    def fit(cls, size_wh: tuple[int, int], texts: Sequence[str]) -> Self:
        """A font legible where the picture is shown small; smaller if plates cover too much."""
        size = max(sum(size_wh) / 2 * 0.026, _MIN_FONT_SIZE)
        letters = cls.of(size)
        covered = letters.height * sum(map(letters.width, texts)) / (size_wh[0] * size_wh[1])
        if covered <= _MAX_COVERAGE:
            return letters
        return cls.of(max(size * max((_MAX_COVERAGE / covered) ** 0.5, 0.5), _MIN_FONT_SIZE))

    @classmethod
    def of(cls, size: float) -> Self:
        """A font of that size, and a plate in which capitals are vertically centred."""
        return cls(
            size=round(size),
            pad_x=max(round(size * 0.4), 2),
            height=round(size * 1.42),
            baseline=round(size * 1.03),
        )

    def width(self, text: str) -> int:
        """Width of a plate with that text."""
        # The size of a picture would make long texts wrap; (0, 0) measures one line.
        _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), self.size, _FONT_WEIGHT)
        return int(width) + 2 * self.pad_x

    def shorten(self, name: str, score: str, room: int) -> str:
        """Name and score, shortened until their plate is at most `room` wide; "" if none fits.

        First the end of the name is cut, then the score, then the rest of the name.
        """
        full = f"{name} {score}".strip()
        if self.width(full) <= room:
            return full
        for tail in (f"… {score}", "…"):
            for end in range(len(name) - 1, 0, -1):
                text = name[:end].rstrip() + tail
                if self.width(text) <= room:
                    return text
        return ""


def clean(name: str) -> str:
    """A label as one line of at most 60 printable characters."""
    line = "".join(c for c in " ".join(name.split()) if c.isprintable())
    return line if len(line) <= _MAX_CHARS else line[:_MAX_CHARS] + "…"


def _font() -> cv2.FontFace:
    # A new one each time costs a microsecond; a cached one would be shared by threads.
    return cv2.FontFace("sans")


def place_plates(
    outlines: NDArray[np.int64], sizes: NDArray[np.int64], size_wh: tuple[int, int], overlap: int
) -> NDArray[np.int64]:
    """Places of label plates inside the picture, without overlaps where there is room.

    Where no place near an outline is free, the one that covers least of the plates before it is
    taken.

    Args:
        outlines: N×4 xyxy, the outer edges of the boxes' outlines, best first.
        sizes: N×2 width and height of the plates, no larger than the picture.
        size_wh: width and height of the picture.
        overlap: pixels that a plate shares with its outline.

    Returns:
        N×4 xyxy, pixels.
    """
    candidates = _candidates(outlines, sizes, overlap)
    limit = np.array(size_wh) - sizes
    places = np.minimum(candidates, limit[:, None]).clip(0)
    moved = candidates[..., 1] != places[..., 1]
    plates = np.concatenate([places, places + sizes[:, None]], axis=2)
    chosen = np.zeros((len(outlines), 4), np.int64)
    order = np.arange(plates.shape[1])
    for i, options in enumerate(plates):
        before = chosen[:i]
        (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = options.T[..., None], before.T
        width = np.minimum(ax1, bx1) - np.maximum(ax0, bx0)
        height = np.minimum(ay1, by1) - np.maximum(ay0, by0)
        covered = (width.clip(0) * height.clip(0)).sum(axis=1)
        chosen[i] = options[np.lexsort((order, moved[i], covered))[0]]
    return chosen


def _candidates(
    outlines: NDArray[np.int64], sizes: NDArray[np.int64], overlap: int
) -> NDArray[np.int64]:
    """Upper left corners of plates to try, N×K×2, in order of preference."""
    x0, y0, x1, y1 = outlines.T
    width, height = sizes.T
    right = x1 - width
    above, below, top, bottom = y0 - height + overlap, y1 - overlap, y0, y1 - height
    tries = [
        *((x0, above), (x0, top), (right, above), (right, top)),
        *((x0, below), (x0, bottom), (right, below), (right, bottom)),
    ]
    for step in (1, 2, 3, 4):
        tries += [(x0, top + step * height), (x0, above - step * height)]
        tries += [(x0 + step * width, above), (x0 - step * width, above)]
    return np.stack([np.stack(place, axis=-1) for place in tries], axis=1)


def draw_plate(
    image: Image, xyxy: tuple[int, int, int, int], text: str, colour: Colour, letters: Letters
) -> None:
    """Draw a plate with round corners and its text, in place; `xyxy` lies inside the picture."""
    x0, y0, x1, y1 = xyxy
    plate = image[y0:y1, x0:x1]
    radius = min(max(letters.size // 4, 2), plate.shape[0] // 2, plate.shape[1] // 2)
    cover = _corner_coverage(radius)
    tips = (
        (plate[:radius, :radius], cover),
        (plate[:radius, -radius:], cover[:, ::-1]),
        (plate[-radius:, :radius], cover[::-1]),
        (plate[-radius:, -radius:], cover[::-1, ::-1]),
    )
    mixed = [tip + (np.array(colour) - tip) * part + 0.5 for tip, part in tips]
    cv2.rectangle(plate, (0, 0), (x1 - x0, y1 - y0), colour, cv2.FILLED)
    for (tip, _), pixels in zip(tips, mixed, strict=True):
        tip[:] = pixels
    start = (letters.pad_x, letters.baseline)
    cv2.putText(plate, text, start, text_colour(colour), _font(), letters.size, _FONT_WEIGHT)


@lru_cache(maxsize=64)
def _corner_coverage(radius: int) -> NDArray[np.float64]:
    """Part of each pixel that a round upper left corner of that radius covers: R×R×1, 0–1."""
    fine = 8
    steps = (np.arange(radius * fine) + 0.5) / fine - radius
    inside = np.hypot(steps[:, None], steps) <= radius
    parts = inside.reshape(radius, fine, radius, fine).mean(axis=(1, 3))
    return np.asarray(parts[..., None], np.float64)
