"""One photo, and the many ways of writing it that all show the same."""

import io

import numpy as np
import pillow_heif
from PIL import Image as pil

from demo.results import Image
from tests.support.photos import save


def eight_ways(rgb: Image) -> dict[str, bytes]:
    """The photo in eight forms and more: name → bytes of a file.

    All are in colour but for "PNG 16-bit grey", "TIFF float grey" and "JPEG grey". Lossy forms
    use high quality, palettes have 256 colours, transparency is none at all or over white.
    """
    photo = pil.fromarray(rgb)
    grey = np.asarray(photo.convert("L"))
    turned = pil.Exif()
    turned[274] = 6
    lying = photo.transpose(pil.Transpose.ROTATE_90)
    few = photo.quantize(256)
    return {
        "JPEG": save(photo, "JPEG", quality=95, subsampling=0),
        "PNG": save(photo, "PNG"),
        "PNG 16-bit grey": save(pil.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "PNG palette": save(few, "PNG"),
        "PNG transparent": save(_veiled(rgb), "PNG"),
        "JPEG CMYK": save(photo.convert("CMYK"), "JPEG", quality=95, subsampling=0),
        "JPEG turned": save(lying, "JPEG", quality=95, subsampling=0, exif=turned),
        "WebP": save(photo, "WEBP", lossless=True),
        "GIF": save(few, "GIF"),
        "TIFF": save(photo, "TIFF", compression="tiff_lzw"),
        "TIFF float grey": save(pil.fromarray(grey.astype(np.float32) / 255), "TIFF"),
        "TIFF turned": save(lying, "TIFF", tiffinfo={274: 6}),
        "BMP": save(photo, "BMP"),
        "AVIF": save(photo, "AVIF", quality=95, subsampling="4:4:4", speed=9),
        "HEIC": _heic(photo),
        "JPEG grey": save(photo.convert("L"), "JPEG", quality=95),
        "PNG turned": save(lying, "PNG", exif=turned),
    }


def _heic(image: pil.Image) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=95, chroma=444)
    return file.getvalue()


def _veiled(rgb: Image) -> pil.Image:
    """White taken out of the photo: as transparent as can be, and over white the photo again."""
    darkness = 255 - rgb.astype(np.float64)
    alpha = darkness.max(axis=2, keepdims=True)
    colour = 255 - darkness * 255 / np.maximum(alpha, 1)
    return pil.fromarray(np.concatenate([colour, alpha], axis=2).round().astype(np.uint8))
