"""Pictures that no camera took, drawn by code: noise, textures, drawings, pages of text."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from demo.results import Image

SIDE = 320
_WORDS = [
    "a",
    "the",
    "of",
    "to",
    "and",
    "in",
    "is",
    "that",
    "for",
    "it",
    "with",
    "on",
    "as",
    "by",
    "at",
    "this",
    "from",
    "they",
    "not",
    "are",
    "or",
    "be",
    "was",
    "but",
    "have",
]

Draw = Callable[[np.random.Generator], Image]


def noise(rng: np.random.Generator) -> Image:
    """Random pixels of a random mean and spread, in blocks of 1 to 32 pixels, grey or coloured."""
    block = int(2 ** rng.integers(0, 6))
    channels = int(rng.choice([1, 3]))
    small = rng.normal(rng.uniform(60, 200), rng.uniform(15, 90), (SIDE // block + 1,) * 2)
    planes = [small if i % channels == 0 else rng.permutation(small) for i in range(3)]
    smooth = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_NEAREST
    scaled = cv2.resize(np.stack(planes, -1), (SIDE + block, SIDE + block), interpolation=smooth)
    return np.ascontiguousarray(scaled[:SIDE, :SIDE].clip(0, 255).astype(np.uint8))


def texture(rng: np.random.Generator) -> Image:
    """Waves, checks or rings in two colours."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(3, 40)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    kind = int(rng.integers(3))
    if kind == 0:
        wave = np.sin(2 * np.pi * frequency * along)
    elif kind == 1:
        wave = np.sin(2 * np.pi * frequency * along) * np.sin(2 * np.pi * frequency * across)
    else:
        wave = np.sin(2 * np.pi * frequency * np.hypot(x - rng.random(), y - rng.random()))
    share = (wave * rng.choice([0.5, 5.0]) + 0.5).clip(0, 1)[..., None]
    one, other = rng.uniform(0, 255, (2, 3))
    return np.asarray(one * share + other * (1 - share), np.uint8)


def drawing(rng: np.random.Generator) -> Image:
    """Lines, circles, boxes and polygons on a plain ground."""
    image = np.full((SIDE, SIDE, 3), rng.choice([255, 255, 235, 20]), np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        points = rng.integers(0, SIDE, (int(rng.integers(3, 7)), 2)).astype(np.int32)
        thick = int(rng.choice([1, 2, 3, 6, -1]))
        kind = int(rng.integers(4))
        first, second = (tuple(int(value) for value in point) for point in points[:2])
        if kind == 0:
            cv2.line(image, first, second, colour, abs(thick), cv2.LINE_AA)
        elif kind == 1:
            cv2.circle(image, first, int(rng.integers(5, 90)), colour, thick, cv2.LINE_AA)
        elif kind == 2:
            cv2.rectangle(image, first, second, colour, thick, cv2.LINE_AA)
        else:
            cv2.polylines(image, [points], True, colour, abs(thick), cv2.LINE_AA)
    return image


def text(rng: np.random.Generator) -> Image:
    """A page of words, dark on light or light on dark."""
    dark = rng.random() < 0.2
    image = np.full((SIDE, SIDE, 3), 25 if dark else rng.integers(225, 256), np.uint8)
    ink = tuple(int(value) for value in rng.integers(0, 80, 3) + (150 if dark else 0))
    size = rng.uniform(0.35, 1.1)
    step = int(34 * size) + 4
    for y in range(step, SIDE, step):
        line = " ".join(rng.choice(_WORDS, int(rng.integers(1, 12))))
        cv2.putText(image, line, (8, y), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return image


KINDS: Mapping[str, Draw] = {
    "noise": noise,
    "textures": texture,
    "drawings": drawing,
    "text": text,
}


def pictures(kind: str, count: int, seed: int = 0) -> list[Image]:
    """`count` different pictures of one of `KINDS`, the same for the same seed."""
    return [KINDS[kind](np.random.default_rng([seed, number])) for number in range(count)]
