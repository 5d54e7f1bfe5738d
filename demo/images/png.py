"""What Pillow leaves to its callers in PNG files: colours, transparent greys, the first frame."""

import struct

from PIL import ImageFile

from demo.images.colour_conversion import Colours, is_profile
from demo.images.colour_space import of_png_cicp, of_png_gamma

_SIGNATURE_BYTES, _MAX_CHUNKS = 8, 1000
_GREY_STEPS = {"L;2": 85, "L;4": 17}
"""Raw mode of greys of few bits → what Pillow multiplies them by."""


def colours(image: ImageFile.ImageFile, data: bytes) -> Colours:
    """What the values of a PNG mean.

    The first of the chunks cICP, iCCP, sRGB and gAMA (with cHRM) counts, as the third edition of
    the PNG specification orders them; one that cannot be read does not.
    """
    if stated := of_png_cicp(_chunk(data, b"cICP")):
        return stated
    profile: bytes = image.info.get("icc_profile") or b""
    return profile if profile and is_profile(profile) else of_png_gamma(image.info)


def prepare(image: ImageFile.ImageFile) -> None:
    """Before a PNG is loaded: go to the first frame, and correct its transparent grey.

    The default image of an animation is for programs that know no animations.
    """
    transparent = image.info.get("transparency")
    if isinstance(transparent, int) and image.mode == "L" and image.tile:
        steps = _GREY_STEPS.get(str(image.tile[0].args), 1)
        image.info["transparency"] = transparent * steps
    if image.info.get("default_image"):
        image.seek(1)


def _chunk(data: bytes, name: bytes) -> bytes:
    """The content of the first chunk `name` before the pixels, b"" where there is none."""
    at = _SIGNATURE_BYTES
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data) or data[at + 4 : at + 8] == b"IDAT":
            break
        size_bytes = struct.unpack_from(">I", data, at)[0]
        if data[at + 4 : at + 8] == name:
            return data[at + 8 : at + 8 + size_bytes]
        at += size_bytes + 12
    return b""
