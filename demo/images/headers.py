"""Headers of JPEG, TIFF and EXIF, read before any decoder allocates memory for the file.

Pillow reads every tag of a TIFF or EXIF directory into memory, even where thousands of tags point
at the same bytes (64 kB become 300 MB). So JPEG headers are parsed here, and the total size of a
directory's values is checked here.
"""

import re
import struct
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

_TIFF_START = re.compile(rb"II[*+]\0|MM\0[*+]")
# Bytes of one value, by type: TIFF 6.0, section 2, and BigTIFF.
_VALUE_BYTES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
_ORIENTATION = 274
_STRIP_OFFSETS = (273, 324)
_MAX_STRIPS = 400_000
_SUB_DIRECTORIES = (34665, 34853, 37500, 40965)
_MAX_DIRECTORIES = 16
_MAX_TAGS = 65_535
_END_OF_IMAGE = b"\xff\xd9"
_SEGMENT = re.compile(rb"\xff[^\0\x01\xd0-\xd8\xff]")
_MAX_SCANS = 100
_MAX_SEGMENTS = 5_000
_FRAME_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True, eq=False)
class JpegHeader:
    """The segments of a JPEG file up to its first scan (ITU-T T.81, annex B)."""

    size_wh: tuple[int, int]
    """Width and height as stored, pixels."""
    bits: int
    """Bits per sample."""
    components: int
    """1 grey, 3 colour, 4 CMYK."""
    orientation: int
    """EXIF orientation, 1–8."""
    profile: bytes
    """ICC profile, empty where there is none."""
    without_metadata: bytes
    """The same file without EXIF, ICC profile, comments and other metadata."""

    @classmethod
    def read(cls, data: bytes) -> "JpegHeader":
        """Parse the segments of a whole file.

        Raises:
            EOFError: if the file ends before the first scan.
            ValueError: without a frame header, or with too many scans.
        """
        kept, exif, frame = [data[:2]], b"", b""
        profile: dict[int, bytes] = {}
        at = 2
        for _ in range(_MAX_SEGMENTS):
            at, marker, body = _segment(data, at)
            if marker in _FRAME_MARKERS and not frame:
                frame = body
            elif marker == 0xE1 and body.startswith(b"Exif\0\0") and not exif:
                exif = body[6:]
            elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
                profile[body[12]] = body[14:]
            if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
                kept.append(bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body)
            if marker == 0xDA:
                break
        _check_scans(data, at)
        if marker != 0xDA or len(frame) < 6:
            raise ValueError("no frame before the first scan")
        bits, height, width, components = struct.unpack_from(">BHHB", frame)
        return cls(
            (width, height),
            bits,
            components,
            orientation(exif),
            b"".join(part for _, part in sorted(profile.items())),
            b"".join(kept) + data[at:],
        )


def _segment(data: bytes, at: int) -> tuple[int, int, bytes]:
    """The next marker segment from offset `at`: its end, its marker, its body."""
    # Like libjpeg, skip any bytes between two segments.
    found = _SEGMENT.search(data, at)
    if found is None or found[0] == _END_OF_IMAGE:
        raise EOFError("truncated before the first scan")
    at, marker = found.start(), found[0][1]
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    body = data[at + 4 : at + 2 + length]
    if length < 2 or len(body) != length - 2:
        raise EOFError("truncated inside a segment")
    return at + 2 + length, marker, body


def _check_scans(data: bytes, at: int) -> None:
    """Raise ValueError for more scans than encoders write; each costs a pass over all pixels."""
    if data.count(b"\xff\xda", at) < _MAX_SCANS:
        return
    # Not all of these need be scans: phones append a video behind the end of a photo.
    scans = 1
    for _ in range(_MAX_SEGMENTS):
        found = _SEGMENT.search(data, at)
        if found is None or found[0] == _END_OF_IMAGE:
            return
        at, marker, _body = _segment(data, found.start())
        scans += marker == 0xDA
        if scans > _MAX_SCANS:
            break
    raise ValueError(f"expected at most {_MAX_SCANS} scans")


class _Tag(NamedTuple):
    tag: int
    size_bytes: int
    """Of all its values."""
    values: int
    """Number of values."""
    value: int
    """The value itself, or the offset of the values."""


def orientation(exif: bytes) -> int:
    """The orientation (1–8) in an EXIF block; 1 if it is missing or unreadable."""
    exif = exif.removeprefix(b"Exif\0\0")
    if not _TIFF_START.match(exif):
        return 1
    try:
        for entry in _directory(exif, 0):
            if entry.tag == _ORIENTATION and 1 <= entry.value <= 8:
                return entry.value
    except (struct.error, ValueError):
        return 1
    return 1


def check_directories(data: bytes, anywhere: bool) -> None:
    """Check that the values of TIFF directories are not larger than the file.

    Args:
        data: the whole file.
        anywhere: False checks the start of the file only (TIFF), True every place that looks
            like a TIFF header (EXIF in AVIF).

    Raises:
        ValueError: for values beyond twice the size of the file, too many strips or directories.
        struct.error: for a directory that cannot be read.
    """
    # Stop at one more than allowed; a hostile file may hold millions.
    found = islice(_TIFF_START.finditer(data), _MAX_DIRECTORIES + 1)
    starts = [match.start() for match in found] if anywhere else [0]
    if len(starts) > _MAX_DIRECTORIES:
        raise ValueError(f"expected at most {_MAX_DIRECTORIES} directories, got more")
    for start in starts:
        block, total = data[start:], 0
        tags = _directory(block, 0)
        for entry in tags:
            if entry.tag in _STRIP_OFFSETS and entry.values > _MAX_STRIPS:
                raise ValueError(f"expected at most {_MAX_STRIPS} strips, got {entry.values}")
            total += entry.size_bytes
            if entry.tag in _SUB_DIRECTORIES:
                total += sum(sub.size_bytes for sub in _directory(block, entry.value))
        if total > 2 * len(data) + 65536:
            raise ValueError(f"expected tags within {len(data)} bytes, got {total}")


def _directory(block: bytes, at: int) -> list[_Tag]:
    """The tags of the directory at offset `at` of a TIFF block; 0 stands for the first directory.

    Tags beyond the end of the block are left out. Raises struct.error where the number of tags
    cannot be read, ValueError for too many.
    """
    order, big = (">" if block[:1] == b"M" else "<"), 43 in block[2:4]
    at = at or struct.unpack_from(order + ("8xQ" if big else "4xI"), block)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), block, at)[0]
    at += 8 if big else 2
    step, inline = (20, 8) if big else (12, 4)
    if count > _MAX_TAGS:
        raise ValueError(f"expected at most {_MAX_TAGS} tags, got {count}")
    entry, short = order + ("HHQQ" if big else "HHII"), order + "H"
    tags = []
    for _ in range(min(count, (len(block) - at) // step)):
        tag, kind, values, value = struct.unpack_from(entry, block, at)
        size_bytes = values * (_VALUE_BYTES[kind] if kind < len(_VALUE_BYTES) else 0)
        if kind == 3 and values == 1:
            value = struct.unpack_from(short, block, at + step - inline)[0]
        tags.append(_Tag(tag, size_bytes, values, value))
        at += step
    return tags
