"""Pixels of any kind → upright H×W×3 uint8 RGB in sRGB, transparent parts over white.

Worked off in strips, so that the largest picture needs one copy of itself and little more.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil
from PIL import ImageCms

from demo.i18n import translate
from demo.results import Image

_STRIP_PIXELS = 1 << 20
_DEPTHS = (8, 10, 12, 14, 16, 24)
_PROFILE_MODES = {
    "RGB": ("RGB", ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA")),
    "GRAY": ("L", ("L",)),
    "CMYK": ("CMYK", ("CMYK",)),
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something a visitor should know about how the file was read: a key of `demo.i18n`."""

    key: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def text(self, locale: str) -> str:
        """The note as a sentence in `locale`."""
        return translate(self.key, locale, **self.fields)


def is_srgb(profile: bytes) -> bool:
    """Whether the colours need no conversion: no ICC profile, or one that is named sRGB."""
    name = b"sRGB"
    return not profile or name in profile or name.decode().encode("utf-16-be") in profile


def to_rgb(image: pil.Image, profile: bytes, inverted: bool = False) -> tuple[Image, list[Note]]:
    """A decoded Pillow image of any mode → RGB, and what was done to it.

    profile: its ICC profile or b"". A broken profile, or one of another colour space than the
    pixels, is ignored as browsers do. inverted: numbers grow towards black (TIFF WhiteIsZero).
    Integers of more than 8 bits go from 0 to the largest number of the smallest usual depth that
    holds them (4095 for a 12-bit scan); with negatives, and for fractions, from the smallest to
    the largest finite value. NaN is shown as the smallest. Raises ValueError without any number.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _values_to_rgb(image, inverted)
    notes: list[Note] = []
    convert = _converter(image.mode, profile)
    if convert is None:
        convert = _plain
    else:
        notes.append(Note("note_profile"))
    transparent = image.has_transparency_data
    seen_through = False
    rgb = _blank(image)
    for rows, strip in _strips(image):
        if transparent:
            strip, alpha = _split_alpha(strip)
            below = pil.new("RGB", strip.size, "white")
            below.paste(convert(strip), mask=alpha)
            seen_through |= alpha.getextrema()[0] != 255
            rgb[rows] = np.asarray(below)
        else:
            rgb[rows] = np.asarray(convert(strip))
    if seen_through:
        notes.append(Note("note_transparent"))
    return rgb, notes


def upright(rgb: Image, orientation: int, notes: list[Note]) -> tuple[Image, list[Note]]:
    """The picture turned as its EXIF orientation asks (1–8, EXIF 2.32 tag 274), and a note."""
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


def _blank(image: pil.Image) -> Image:
    return np.empty((image.height, image.width, 3), np.uint8)


def _strips(image: pil.Image) -> Iterator[tuple[slice, pil.Image]]:
    step = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _split_alpha(strip: pil.Image) -> tuple[pil.Image, pil.Image]:
    if strip.mode in ("La", "RGBa"):
        strip = strip.convert("LA" if strip.mode == "La" else "RGBA")
    strip = strip.convert("RGBA")
    return strip.convert("RGB"), strip.getchannel("A")


def _plain(strip: pil.Image) -> pil.Image:
    return strip.convert("RGB")


def _converter(mode: str, profile: bytes) -> Callable[[pil.Image], pil.Image] | None:
    """What turns strips of `mode` into sRGB by a colour profile, None where none applies."""
    if mode == "LAB":
        return _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")
    if is_srgb(profile):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted, modes = _PROFILE_MODES.get(source.profile.xcolor_space.strip(), ("", ()))
        return _transform(source, wanted) if mode in modes else None
    except (OSError, ImageCms.PyCMSError):
        return None


def _transform(source: ImageCms.ImageCmsProfile, wanted: str) -> Callable[[pil.Image], pil.Image]:
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, srgb, wanted, "RGB")
    return lambda strip: transform.apply(strip.convert(wanted))


def _values_to_rgb(image: pil.Image, inverted: bool) -> tuple[Image, list[Note]]:
    low, high = _range(image)
    black, white = (high, low) if inverted else (low, high)
    clear = image.info.get("transparency")
    rgb = _blank(image)
    notes = [Note("note_scaled", {"black": f"{black:g}", "white": f"{white:g}"})]
    for rows, strip in _strips(image):
        values = _numbers(strip)
        grey = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - black) / (white - black)
        rgb[rows] = (grey.clip(0, 1) * 255 + 0.5).astype(np.uint8)[..., None]
        if isinstance(clear, int) and (values == clear).any():
            rgb[rows][values == clear] = 255
            notes[1:] = [Note("note_transparent")]
    return rgb, notes


def _numbers(strip: pil.Image) -> NDArray[np.float64]:
    return np.asarray(strip).astype(np.float64)


def _range(image: pil.Image) -> tuple[float, float]:
    """The numbers that are shown black and white; see `to_rgb`."""
    lows, highs = [], []
    for _, strip in _strips(image):
        values = _numbers(strip)
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
