"""File types by signature; file names play no part."""

import re

from demo.errors import DemoError

ACCEPTED = ("JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF", "HEIC")
SHOWN_BY_BROWSERS = frozenset(ACCEPTED) - {"TIFF", "HEIC"}

_SIGNATURES = (
    ("JPEG", rb"\xff\xd8\xff"),
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("WebP", rb"RIFF.{4}WEBP"),
    ("GIF", rb"GIF8[79]a"),
    ("Canon RAW", rb"II\*\0.{4}CR"),
    ("TIFF", rb"II[*+]\0|MM\0[*+]"),
    ("BMP", rb"BM"),
    ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL "),
    ("JPEG 2000", rb"\0\0\0\x0cjP|\xff\x4f\xff\x51"),
    ("Panasonic RAW", rb"IIU\0"),
    ("Olympus RAW", rb"IIR[OS]"),
    ("Fujifilm RAW", rb"FUJIFILM"),
    ("MP4 / QuickTime", rb".{4}(?:ftyp|moov|mdat)|\0.{3}(?:wide|free|skip|pnot)"),
    ("WebM / Matroska", rb"\x1a\x45\xdf\xa3"),
    ("AVI", rb"RIFF.{4}AVI "),
    ("WAV", rb"RIFF.{4}WAVE"),
    ("MP3", rb"ID3"),
    ("PDF", rb"%PDF-"),
    ("PostScript / EPS", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("Photoshop PSD", rb"8BPS"),
    ("GIMP XCF", rb"gimp xcf"),
    ("ICO", rb"\0\0\x01\0"),
    ("CUR", rb"\0\0\x02\0"),
    ("QOI", rb"qoif"),
    ("PPM / PGM / PBM", rb"P[1-7fF][\s#]"),
    ("DDS", rb"DDS "),
    ("OpenEXR", rb"\x76\x2f\x31\x01"),
    ("Radiance HDR", rb"#\?(?:RADIANCE|RGBE)"),
    ("farbfeld", rb"farbfeld"),
    ("FITS", rb"SIMPLE  ="),
    ("HDF5", rb"\x89HDF\r\n"),
    ("GRIB", rb"GRIB"),
    ("DICOM", rb".{128}DICM"),
    ("Sun raster", rb"\x59\xa6\x6a\x95"),
    ("SGI", rb"\x01\xda[\0\x01][\x01\x02]"),
    ("DCX", rb"\xb1\x68\xde\x3a"),
    ("BLP", rb"BLP[12]"),
    ("SVG", rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype )?svg"),
    ("HTML", rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)"),
    ("ZIP", rb"PK\x03\x04"),
    ("gzip", rb"\x1f\x8b"),
    ("TGA", rb".*TRUEVISION-XFILE\.\0$"),
)
# Brands of ISO/IEC 23008-12 and of the AVIF specification.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}


def recognise(data: bytes) -> str:
    """The format of a file by its first and last bytes, one of ACCEPTED.

    Raises:
        DemoError: for an empty file or another format, named where it is known.
    """
    if not data:
        raise DemoError("image_empty")
    accepted = ", ".join(ACCEPTED)
    ends = data[:512] + data[-18:]
    for name, pattern in _SIGNATURES:
        if re.match(pattern, ends, re.DOTALL):
            kind = _brand(data) or name if data[4:8] == b"ftyp" else name
            if kind in ACCEPTED:
                return kind
            raise DemoError("image_other_kind", kind=kind, accepted=accepted)
    raise DemoError("image_unknown", accepted=accepted)


def _brand(data: bytes) -> str | None:
    # The major brand is often a mere container ("mif1"); a compatible brand names the codec.
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4)}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIF_BRANDS:
        return "HEIC"
    return "Canon RAW" if b"crx " in brands else None
