"""Conversion to sRGB by an ICC profile or by a colour space that a file states in numbers."""

import io
import struct
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image as pil
from PIL import ImageCms

from demo.images.colour_space import ColourSpace
from demo.images.icc_profile import rgb_profile
from demo.images.tone_mapping import to_sdr

Colours = bytes | ColourSpace | None
"""An ICC profile, a colour space, or what means sRGB: b"" and None."""
Conversion = Callable[[pil.Image], pil.Image]
"""Pixels of any Pillow mode → mode RGB, in sRGB."""

_GREY_MODES = ("L", "LA", "La", "1")
_PROFILE_MODES = {
    # The values of a grey picture are those of its three equal channels.
    "RGB": ("RGB", ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", *_GREY_MODES)),
    "GRAY": ("L", _GREY_MODES),
    "CMYK": ("CMYK", ("CMYK",)),
}
_ROUNDING = 2


def conversion(mode: str, colours: Colours) -> Conversion | None:
    """The conversion of pixels of `mode` to sRGB; None where they are sRGB already.

    A broken profile or space, or one for other pixels than those of `mode`, is ignored, as in
    browsers. Whether a profile is that of sRGB is found by what it does, not by its name: profiles
    of linear light are called sRGB too.
    """
    if mode == "LAB":
        return _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")
    if isinstance(colours, ColourSpace):
        transfer = colours.transfer
        if transfer == "PQ" or transfer == "HLG":
            primaries = colours.primaries
            return lambda pixels: pil.fromarray(
                to_sdr(np.asarray(pixels.convert("RGB")), primaries, transfer)
            )
        try:
            colours = rgb_profile(colours.primaries, transfer)
        except (ArithmeticError, np.linalg.LinAlgError, struct.error):
            return None
    return _by_profile(mode, colours) if colours else None


def is_profile(profile: bytes) -> bool:
    """Whether the bytes are an ICC profile that can be read."""
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return False
    return True


def _by_profile(mode: str, profile: bytes) -> Conversion | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        profile_mode, modes = _PROFILE_MODES.get(source.profile.xcolor_space.strip(), ("", ()))
        if mode not in modes:
            return None
        convert = _transform(source, profile_mode)
    except (OSError, ImageCms.PyCMSError):
        return None
    if profile_mode == "CMYK":
        return convert
    sample = _sample().convert("L") if mode in _GREY_MODES else _sample()
    return convert if _far(convert(sample), sample) else None


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> Conversion:
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    return lambda pixels: transform.apply(pixels if pixels.mode == mode else pixels.convert(mode))


def _far(one: pil.Image, other: pil.Image) -> bool:
    """Whether two pictures differ by more than colour engines do in rounding."""
    difference = np.asarray(one, np.int16) - np.asarray(other.convert("RGB"), np.int16)
    return bool(np.abs(difference).max() > _ROUNDING)


@cache
def _sample() -> pil.Image:
    """All greys, and colours from the whole cube."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    return pil.fromarray(np.concatenate([greys, cube])[None])
