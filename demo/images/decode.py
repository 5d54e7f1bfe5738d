"""The decoder of uploads: bytes of a picture file → upright RGB."""

import hashlib
import io
import logging
import struct
import time
import warnings
import zlib
from collections.abc import Callable
from contextlib import closing
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
from demo.images import png, webp
from demo.images.bmp import MaskedBitmap
from demo.images.colour_conversion import Colours
from demo.images.colour_space import ColourSpace, of_nclx
from demo.images.convert import Note, array_to_rgb, to_rgb, upright
from demo.images.file_types import ACCEPTED, recognise
from demo.images.headers import JpegHeader, check_directories, orientation
from demo.images.limits import Limits
from demo.results import Image
from demo.system import is_out_of_memory

_log = logging.getLogger(__name__)
_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _ORIENTATION, _DNG_VERSION = 254, 262, 274, 50706
_BMP_RUN_LENGTHS = (1, 2)
# Errors that decoders are known to raise for damaged bytes, assertions and overflows included.
_DECODER_ERRORS = (
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


BeforePixels = Callable[[tuple[int, int]], None]
"""Called with width and height once a picture is known to be within the limits."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded upload."""

    rgb: Image
    """H×W×3 uint8 RGB, upright, contiguous."""
    format: str
    """One of `file_types.ACCEPTED`."""
    notes: tuple[Note, ...]
    """Remarks for the visitor on how the file was read."""
    sha256: str
    """Digest of the file, hexadecimal."""
    decode_ms: float
    """Duration of the decoding, milliseconds."""


def decode(data: bytes, limits: Limits, before: BeforePixels = lambda _: None) -> Picture:
    """Decode a picture file: its first frame, upright, as sRGB.

    The first call switches off Pillow's warnings for the process.

    Args:
        data: the whole file.
        limits: what is refused before any pixel is decoded.
        before: called between that and the first pixel; may wait.

    Raises:
        DemoError: for a file that is empty, beyond `limits`, of a format that is not accepted,
            truncated or damaged.
    """
    start = time.perf_counter()
    limits.check_file(len(data))
    kind = recognise(data)
    _ignore_pillow_warnings()
    try:
        if kind == "JPEG":
            rgb, notes = _decode_jpeg(data, limits, before)
        elif kind == "BMP" and (bitmap := MaskedBitmap.read(data)):
            limits.check_size(bitmap.size_wh)
            before(bitmap.size_wh)
            rgb, notes = array_to_rgb(bitmap.decode(data), None)
        else:
            rgb, notes = _decode_other(kind, data, limits, before)
    except pil.DecompressionBombError as error:
        raise DemoError("image_bomb", limit=f"{limits.max_megapixels:g}") from error
    except _DECODER_ERRORS as error:
        if is_out_of_memory(error):
            raise DemoError("memory_full") from error
        cut = isinstance(error, EOFError) or "truncated" in str(error).lower()
        _log.info("%s file of %d bytes is damaged: %r", kind, len(data), error)
        raise DemoError("image_truncated" if cut else "image_damaged", format=kind) from error
    sha256 = hashlib.sha256(data).hexdigest()
    return Picture(rgb, kind, tuple(notes), sha256, (time.perf_counter() - start) * 1e3)


@cache
def _ignore_pillow_warnings() -> None:
    """Silence warnings about oddities that are handled here; a context manager would race."""
    warnings.filterwarnings("ignore", module="PIL")


def _decode_jpeg(data: bytes, limits: Limits, before: BeforePixels) -> tuple[Image, list[Note]]:
    header = JpegHeader.read(data)
    limits.check_size(header.size_wh)
    if header.bits != 8:
        raise DemoError("image_jpeg_bits", got=header.bits)
    before(header.size_wh)
    # Not by OpenCV, which shows the rest of a damaged file as grey and does not say so.
    with closing(JpegImagePlugin.JpegImageFile(io.BytesIO(header.without_metadata))) as image:
        image.load()
        rgb, notes = to_rgb(image, header.profile)
    return upright(rgb, header.orientation, notes)


def _decode_with_opencv(data: bytes) -> Image:
    """The pixels of a BMP file with run lengths, as stored."""
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    rgb: Image | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if rgb is None:
        raise ValueError("OpenCV refused the file")
    return rgb


def _decode_other(
    kind: str, data: bytes, limits: Limits, before: BeforePixels
) -> tuple[Image, list[Note]]:
    if kind in ("TIFF", "AVIF"):
        check_directories(data, anywhere=kind == "AVIF")
    # Closed before the picture is turned, which takes another copy.
    with closing(_read_header(kind, data)) as image:
        limits.check_size(image.size)
        before(image.size)
        exif_orientation, inverted = 1, False
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            tags = image.tag_v2
            if _DNG_VERSION in tags or tags.get(_NEW_SUBFILE_TYPE) == 1:
                # The first frame of these is a preview of a few hundred pixels.
                raise DemoError("image_other_kind", kind="DNG / RAW", accepted=", ".join(ACCEPTED))
            exif_orientation = tags.get(_ORIENTATION, 1)
            inverted = tags.get(_PHOTOMETRIC) == 0
        colours = _colours(kind, image, data)
        if kind == "BMP" and image.info.get("compression") in _BMP_RUN_LENGTHS:
            # Pillow decodes these in Python, and those of 4 bits and odd length wrongly.
            rgb, notes = _decode_with_opencv(data), list[Note]()
        elif kind == "WebP":
            rgb, notes = array_to_rgb(webp.decode_first_frame(data, image.size), colours)
        else:
            if kind == "PNG":
                png.prepare(image)
            extents = image.tile[0].extents if kind == "GIF" and image.tile else None
            image.load()
            limits.check_size(image.size)
            rgb, notes = to_rgb(image, colours, inverted)
            if extents:
                notes = _clear_around(rgb, extents, notes)
        if _is_animated(image):
            notes.insert(0, Note("note_first_frame"))
        if kind in ("PNG", "WebP", "AVIF"):
            exif_orientation = orientation(image.info.get("exif") or b"")
    if kind == "TIFF":
        # Pillow rotates TIFF by itself, and libheif HEIC.
        return rgb, [*notes, Note("note_turned")] if exif_orientation in range(2, 9) else notes
    return upright(rgb, exif_orientation, notes)


def _colours(kind: str, image: ImageFile.ImageFile, data: bytes) -> Colours:
    """What the values of a picture mean, before it is loaded."""
    profile: bytes = image.info.get("icc_profile") or b""
    match kind:
        case "PNG":
            return png.colours(image, data)
        case "AVIF":
            return profile or of_nclx(data)
        case "HEIC":
            stated = image.info.get("nclx_profile") or {}
            codes = stated.get("color_primaries", 2), stated.get("transfer_characteristics", 2)
            return profile or ColourSpace.of_cicp(*codes)
    return profile


def _read_header(kind: str, data: bytes) -> ImageFile.ImageFile:
    """A file whose header was read by the plugin for its format.

    Not by `PIL.Image.open`: ultralytics replaces that with a function that installs packages.
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


def _clear_around(rgb: Image, extents: tuple[int, int, int, int], notes: list[Note]) -> list[Note]:
    """Whiten what the first frame of a GIF does not cover; returns `notes` with the one on it."""
    left, top, right, bottom = extents
    if (left, top, right, bottom) == (0, 0, rgb.shape[1], rgb.shape[0]):
        return notes
    rgb[:top] = rgb[bottom:] = rgb[:, :left] = rgb[:, right:] = 255
    transparent = Note("note_transparent")
    return notes if transparent in notes else [*notes, transparent]


def _is_animated(image: ImageFile.ImageFile) -> bool:
    # Only the first frame is used, so damage behind it does not matter.
    try:
        return bool(getattr(image, "is_animated", False))
    except _DECODER_ERRORS:
        return False
