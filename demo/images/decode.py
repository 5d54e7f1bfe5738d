"""The one decoder: bytes of a picture file → upright RGB."""

import hashlib
import io
import struct
import time
import warnings
import zlib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as pil

from demo.errors import DemoError
from demo.images.convert import Note, is_srgb, to_rgb, upright
from demo.images.file_types import ACCEPTED, recognise
from demo.images.headers import JpegHeader, orientation, weigh_directories
from demo.images.limits import Limits
from demo.results import Image

_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _ORIENTATION, _DNG_VERSION = 254, 262, 274, 50706
_BMP_RUN_LENGTHS = (1, 2)
# What decoders are known to raise for damaged bytes, assertions and overflows included.
_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
    ImageCms.PyCMSError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An upload as the rest of the program sees it."""

    rgb: Image
    """H×W×3 uint8 RGB, upright, contiguous."""
    format: str
    """One of `filetypes.ACCEPTED`."""
    notes: tuple[Note, ...]
    """What was done to show it that a visitor should know."""
    sha256: str
    """Of the bytes of the file, hexadecimal."""
    decode_ms: float
    """Time of the whole decoding, milliseconds."""


def decode(data: bytes, limits: Limits) -> Picture:
    """The picture in a file's bytes: its first frame, upright, as sRGB.

    Raises DemoError, one sentence, for a file that is empty, too large by `limits`, of a kind that
    is not accepted, cut short or damaged. Warnings of Pillow are off from the first call on.
    """
    start = time.perf_counter()
    limits.check_file(len(data))
    kind = recognise(data)
    _hush_pillow()
    try:
        rgb, notes = _jpeg(data, limits) if kind == "JPEG" else _pillow(kind, data, limits)
    except pil.DecompressionBombError as fault:
        raise DemoError("image_bomb", limit=f"{limits.max_megapixels:g}") from fault
    except _FAULTS as fault:
        cut = isinstance(fault, EOFError) or "truncated" in str(fault).lower()
        raise DemoError("image_truncated" if cut else "image_damaged", format=kind) from fault
    sha256 = hashlib.sha256(data).hexdigest()
    return Picture(rgb, kind, tuple(notes), sha256, (time.perf_counter() - start) * 1e3)


@cache
def _hush_pillow() -> None:
    """Pillow warns about oddities that are decided here; a context manager would race."""
    warnings.filterwarnings("ignore", module="PIL")


def _jpeg(data: bytes, limits: Limits) -> tuple[Image, list[Note]]:
    header = JpegHeader.read(data)
    limits.check_size(header.size_wh)
    if header.bits != 8:
        raise DemoError("image_jpeg_bits", got=header.bits)
    if header.components == 4 or not is_srgb(header.profile):
        with JpegImagePlugin.JpegImageFile(io.BytesIO(header.bare)) as image:
            image.load()
            rgb, notes = to_rgb(image, header.profile)
    else:
        # A JPEG that was cut lacks its last marker; OpenCV does not say why it refuses a file.
        if b"\xff\xd9" not in header.bare:
            raise EOFError("truncated before its end")
        rgb, notes = _opencv(header.bare), []
    return upright(rgb, header.orientation, notes)


def _opencv(data: bytes) -> Image:
    """The pixels as stored. As strict as Pillow and pixel for pixel equal, a third faster."""
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    rgb: Image | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if rgb is None:
        raise ValueError("OpenCV refused the file")
    return rgb


def _pillow(kind: str, data: bytes, limits: Limits) -> tuple[Image, list[Note]]:
    if kind in ("TIFF", "AVIF"):
        weigh_directories(data, anywhere=kind == "AVIF")
    with _opened(kind, data) as image:
        limits.check_size(image.size)
        turned, inverted = 1, False
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            tags = image.tag_v2
            if _DNG_VERSION in tags or tags.get(_NEW_SUBFILE_TYPE) == 1:
                # The first picture of these is a preview of a few hundred pixels.
                raise DemoError("image_other_kind", kind="DNG / RAW", accepted=", ".join(ACCEPTED))
            turned, inverted = tags.get(_ORIENTATION, 1), tags.get(_PHOTOMETRIC) == 0
        profile = image.info.get("icc_profile") or b""
        if _is_for_opencv(kind, image, profile):
            rgb, notes = _opencv(data), list[Note]()
        else:
            image.load()
            limits.check_size(image.size)
            rgb, notes = to_rgb(image, profile, inverted)
        if _is_film(image):
            notes.insert(0, Note("note_first_frame"))
        if kind in ("PNG", "WebP", "AVIF"):
            turned = orientation(image.info.get("exif") or b"")
    if kind == "TIFF":
        # Pillow turns TIFF by itself, and libheif HEIC.
        return rgb, [*notes, Note("note_turned")] if turned in range(2, 9) else notes
    return upright(rgb, turned, notes)


def _is_for_opencv(kind: str, image: ImageFile.ImageFile, profile: bytes) -> bool:
    """Where Pillow would be wrong or wasteful: runs in BMP, and still, opaque WebP.

    It decodes the runs in Python, and those of 4 bits and an odd length wrongly; WebP it always
    decodes as a film, with two more canvases of 4 bytes a pixel.
    """
    if kind == "BMP":
        return image.info.get("compression") in _BMP_RUN_LENGTHS
    return kind == "WebP" and image.mode == "RGB" and is_srgb(profile) and not _is_film(image)


def _opened(kind: str, data: bytes) -> ImageFile.ImageFile:
    """The header of a file, read by the one plugin for its format.

    Never by `PIL.Image.open`: ultralytics replaces that with a function that installs packages.
    """
    file = io.BytesIO(data)
    match kind:
        case "PNG":
            return PngImagePlugin.PngImageFile(file)
        case "WebP":
            return WebPImagePlugin.WebPImageFile(file)
        case "GIF":
            return GifImagePlugin.GifImageFile(file)
        case "TIFF":
            return TiffImagePlugin.TiffImageFile(file)
        case "BMP":
            return BmpImagePlugin.BmpImageFile(file)
        case "AVIF":
            return AvifImagePlugin.AvifImageFile(file)
    from pillow_heif import HeifImageFile

    heif: ImageFile.ImageFile = HeifImageFile(file)
    return heif


def _is_film(image: ImageFile.ImageFile) -> bool:
    # What follows the first frame is never shown, so damage there is no fault.
    try:
        return bool(getattr(image, "is_animated", False))
    except _FAULTS:
        return False
