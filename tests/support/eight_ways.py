"""One photo in every accepted format and many of their variants."""

import io

import numpy as np
import pillow_heif
from PIL import Image as pil

from demo.results import Image
from tests.support.photos import save


def eight_ways(rgb: Image) -> dict[str, bytes]:
    """The photo in the eight accepted formats and variants of them: name → bytes of a file.

    All are in colour except "PNG 16-bit grey", "TIFF float grey" and "JPEG grey". Lossy forms
    use high quality, palettes have 256 colours, transparent pixels give the photo over white.
    """
    photo = pil.fromarray(rgb)
    grey = np.asarray(photo.convert("L"))
    rotated_exif = pil.Exif()
    rotated_exif[274] = 6
    rotated = photo.transpose(pil.Transpose.ROTATE_90)
    few = photo.quantize(256)
    return {
        "JPEG": save(photo, "JPEG", quality=95, subsampling=0),
        "PNG": save(photo, "PNG"),
        "PNG 16-bit grey": save(pil.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "PNG palette": save(few, "PNG"),
        "PNG transparent": save(_with_transparency(rgb), "PNG"),
        "JPEG CMYK": save(photo.convert("CMYK"), "JPEG", quality=95, subsampling=0),
        "JPEG turned": save(rotated, "JPEG", quality=95, subsampling=0, exif=rotated_exif),
        "WebP": save(photo, "WEBP", lossless=True),
        "GIF": save(few, "GIF"),
        "TIFF": save(photo, "TIFF", compression="tiff_lzw"),
        "TIFF float grey": save(pil.fromarray(grey.astype(np.float32) / 255), "TIFF"),
        "TIFF turned": save(rotated, "TIFF", tiffinfo={274: 6}),
        "BMP": save(photo, "BMP"),
        "AVIF": save(photo, "AVIF", quality=95, subsampling="4:4:4", speed=9),
        "HEIC": _heic(photo),
        "JPEG grey": save(photo.convert("L"), "JPEG", quality=95),
        "PNG turned": save(rotated, "PNG", exif=rotated_exif),
    }


def _heic(image: pil.Image) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=95, chroma=444)
    return file.getvalue()


def _with_transparency(rgb: Image) -> pil.Image:
    """The photo with as much transparency as possible such that over white it is the same."""
    darkness = 255 - rgb.astype(np.float64)
    alpha = darkness.max(axis=2, keepdims=True)
    colour = 255 - darkness * 255 / np.maximum(alpha, 1)
    return pil.fromarray(np.concatenate([colour, alpha], axis=2).round().astype(np.uint8))
