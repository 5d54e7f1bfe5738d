"""Pixels of any mode → upright H×W×3 uint8 RGB in sRGB, transparent parts over white.

Converted in horizontal strips, so that the peak memory is about one copy of the picture.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil

from demo.i18n import translate
from demo.images.colour_conversion import Colours, conversion
from demo.images.colour_space import ColourSpace
from demo.results import Image

# Strips of a megabyte stay in the processor's cache and in the heap: several times faster.
_STRIP_PIXELS = 1 << 18
_DEPTHS = (8, 10, 12, 14, 16, 24)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the visitor about how the file was read: a key of `demo.i18n` and its fields."""

    key: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def text(self, locale: str) -> str:
        """The note as a sentence in `locale`."""
        return translate(self.key, locale, **self.fields)


def to_rgb(image: pil.Image, colours: Colours, inverted: bool = False) -> tuple[Image, list[Note]]:
    """A decoded Pillow image of any mode as H×W×3 uint8 sRGB, with notes on the conversion.

    Integers of more than 8 bits are scaled from 0 to the maximum of the smallest common bit depth
    that holds them (4095 for a 12-bit scan); with negative values, and for floats, from the
    smallest to the largest finite value. NaN becomes the smallest.

    Args:
        image: decoded, of any mode.
        colours: what its values mean; see `conversion`.
        inverted: larger values are darker (TIFF WhiteIsZero).

    Raises:
        ValueError: for an image of floats without any finite value.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _values_to_rgb(image, colours, inverted)
    strips = ((rows, image.crop(box)) for rows, box in _boxes(image.size))
    transparent = image.has_transparency_data
    return _flatten(strips, _empty_rgb(image.size), image.mode, transparent, colours)


def array_to_rgb(pixels: Image, colours: Colours) -> tuple[Image, list[Note]]:
    """H×W×3 or H×W×4 uint8, RGB or RGBA, as H×W×3 uint8 sRGB; see `to_rgb`.

    The very array where nothing has to be converted.
    """
    height, width, channels = pixels.shape
    mode = "RGBA" if channels == 4 else "RGB"
    if mode == "RGB" and conversion(mode, colours) is None:
        return pixels, []
    boxes = _boxes((width, height))
    strips = ((rows, pil.fromarray(pixels[rows])) for rows, _ in boxes)
    return _flatten(strips, _empty_rgb((width, height)), mode, channels == 4, colours)


def upright(rgb: Image, orientation: int, notes: list[Note]) -> tuple[Image, list[Note]]:
    """The picture rotated or mirrored by its EXIF orientation (1–8, EXIF 2.32 tag 274).

    Returns the picture and `notes`, with one more note where something was changed.
    """
    match orientation:
        case 2:
            rgb = cv2.flip(rgb, 1)
        case 3:
            rgb = cv2.rotate(rgb, cv2.ROTATE_180)
        case 4:
            rgb = cv2.flip(rgb, 0)
        case 5:
            rgb = cv2.transpose(rgb)
        case 6:
            rgb = cv2.rotate(rgb, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            rgb = cv2.rotate(cv2.transpose(rgb), cv2.ROTATE_180)
        case 8:
            rgb = cv2.rotate(rgb, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return rgb, notes
    return rgb, [*notes, Note("note_turned")]


def _flatten(
    strips: Iterable[tuple[slice, pil.Image]],
    rgb: Image,
    mode: str,
    transparent: bool,
    colours: Colours,
) -> tuple[Image, list[Note]]:
    """Strips of pixels of `mode`, converted to sRGB and laid over white, into the rows of `rgb`."""
    convert = conversion(mode, colours)
    notes = [] if convert is None else [_colour_note(colours)]
    convert = convert or _plain
    any_transparent = False
    for rows, strip in strips:
        if transparent:
            strip, alpha = _split_alpha(strip)
            background = pil.new("RGB", strip.size, "white")
            background.paste(convert(strip), mask=alpha)
            any_transparent |= alpha.getextrema()[0] != 255
            rgb[rows] = np.asarray(background)
        else:
            rgb[rows] = np.asarray(convert(strip))
    if any_transparent:
        notes.append(Note("note_transparent"))
    return rgb, notes


def _empty_rgb(size_wh: tuple[int, int]) -> Image:
    return np.empty((size_wh[1], size_wh[0], 3), np.uint8)


def _boxes(size_wh: tuple[int, int]) -> Iterator[tuple[slice, tuple[int, int, int, int]]]:
    """The rows of each strip of a picture, and its box: left, top, right, bottom."""
    width, height = size_wh
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        yield slice(top, bottom), (0, top, width, bottom)


def _split_alpha(strip: pil.Image) -> tuple[pil.Image, pil.Image]:
    if strip.mode in ("La", "RGBa"):
        strip = strip.convert("LA" if strip.mode == "La" else "RGBA")
    strip = strip.convert("RGBA")
    return strip.convert("RGB"), strip.getchannel("A")


def _plain(strip: pil.Image) -> pil.Image:
    return strip if strip.mode == "RGB" else strip.convert("RGB")


def _colour_note(colours: Colours) -> Note:
    hdr = isinstance(colours, ColourSpace) and isinstance(colours.transfer, str)
    return Note("note_hdr" if hdr else "note_profile")


def _values_to_rgb(image: pil.Image, colours: Colours, inverted: bool) -> tuple[Image, list[Note]]:
    low, high = _range(image)
    black, white = (high, low) if inverted else (low, high)
    transparent, any_transparent = image.info.get("transparency"), False
    rgb = _empty_rgb(image.size)
    notes = [Note("note_scaled", {"black": f"{black:g}", "white": f"{white:g}"})]
    convert = conversion("L", colours)
    if convert is not None:
        notes.append(_colour_note(colours))
    for rows, box in _boxes(image.size):
        values = _floats(image.crop(box))
        grey = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - black) / (white - black)
        levels = (grey.clip(0, 1) * 255 + 0.5).astype(np.uint8)
        rgb[rows] = np.asarray(convert(pil.fromarray(levels))) if convert else levels[..., None]
        if isinstance(transparent, int) and (values == transparent).any():
            rgb[rows][values == transparent] = 255
            any_transparent = True
    return rgb, [*notes, Note("note_transparent")] if any_transparent else notes


def _floats(strip: pil.Image) -> NDArray[np.float64]:
    return np.asarray(strip).astype(np.float64)


def _range(image: pil.Image) -> tuple[float, float]:
    """The values that become black and white; see `to_rgb`."""
    lows, highs = [], []
    for _, box in _boxes(image.size):
        values = _floats(image.crop(box))
        finite = values[np.isfinite(values)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    if not lows:
        raise ValueError("expected at least one finite value")
    low, high = min(lows), max(highs)
    if image.mode != "F" and low >= 0:
        return 0.0, next((2.0**bits - 1 for bits in _DEPTHS if high < 2**bits), high)
    return low, high if high > low else low + 1
