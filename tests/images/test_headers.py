"""Headers with false claims, and the memory that believing them would cost."""

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from PIL import Image as pil

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.headers import JpegHeader, orientation
from demo.images.limits import Limits
from tests.images.test_decode import png
from tests.support.photos import refused, save

LIMITS = Limits()


def tiff_of_tags(count: int, size_bytes: int) -> bytes:
    """A directory of `count` tags that all claim the same `size_bytes` bytes."""
    tags = b"".join(struct.pack("<HHII", tag + 400, 7, size_bytes - 8, 8) for tag in range(count))
    return (b"II*\0" + struct.pack("<IH", 8, count) + tags + bytes(4)).ljust(size_bytes, b"\0")


def gif_of_frame(side: int) -> bytes:
    """An 8×8 GIF whose first frame claims to be far larger."""
    frame = b",\0\0\0\0" + struct.pack("<HH", side, side) + b"\0\2\0\0;"
    return b"GIF89a" + struct.pack("<HH", 8, 8) + b"\0\0\0" + frame


def peak_of(action: Callable[[], object]) -> int:
    """Peak of the bytes that Python allocated while `action` ran."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def hostile() -> Iterator[tuple[str, bytes, str]]:
    """Name, file, and the error that it must end in ("" for a picture)."""
    small = pil.new("RGB", (16, 16), "red")
    plain = save(small, "JPEG")
    bomb = tiff_of_tags(5000, 65000)
    exif = b"\xff\xe1" + struct.pack(">H", len(bomb) + 8) + b"Exif\0\0" + bomb
    yield "exif of JPEG", plain[:2] + exif + plain[20:], ""
    scan = plain[plain.index(b"\xff\xda") :].removesuffix(b"\xff\xd9")
    yield "scans", plain[:-2] + scan * 200 + b"\xff\xd9", "image_damaged"
    yield "fillings", b"\xff\xd8" + b"\xff" * 19_000_000, "image_truncated"
    yield "segments", plain[:2] + b"\xff\xfe\0\2" * 200_000 + plain[2:], "image_damaged"
    video = plain + b"\xff\xda" * 500
    yield "video behind a photo", video, ""
    yield "tags of TIFF", tiff_of_tags(20000, 300_000), "image_damaged"
    avif = save(small, "AVIF")
    yield "exif of AVIF", avif + tiff_of_tags(20000, 300_000), "image_damaged"
    text = b"key\0\0" + zlib.compress(bytes(200_000_000))
    yield "text of PNG", png(16, 16, *[(b"zTXt", text)] * 5), "image_damaged"
    profile = b"icc\0\0" + zlib.compress(bytes(200_000_000))
    yield "profile of PNG", png(16, 16, (b"iCCP", profile)), "image_damaged"
    yield "frame of GIF", gif_of_frame(65000), "image_bomb"
    deep = plain.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c")
    yield "12 bits", deep, "image_jpeg_bits"
    raw = save(small, "TIFF", tiffinfo={254: 1})
    yield "preview of a RAW file", raw, "image_other_kind"


def test_hostile_files_are_cheap() -> None:
    for name, data, expected in hostile():
        got = [""]

        def attempt(data: bytes = data, got: list[str] = got) -> None:
            try:
                decode(data, LIMITS)
            except DemoError as error:
                got[0] = error.key

        start = time.perf_counter()
        attempt()
        assert time.perf_counter() - start < 5, name
        assert peak_of(attempt) < 100e6, name
        assert got[0] == expected, name


def test_a_gif_frame_is_checked_without_the_limit_of_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ultralytics may switch Pillow's own limit off for the process."""
    monkeypatch.setattr(pil, "MAX_IMAGE_PIXELS", None)
    assert refused(gif_of_frame(65000)).key == "image_too_long"


def test_the_header_of_a_jpeg_is_read() -> None:
    exif = pil.Exif()
    exif[274] = 6
    data = save(pil.new("CMYK", (31, 17)), "JPEG", exif=exif, icc_profile=bytes(range(200)) * 400)
    header = JpegHeader.read(data)
    assert (header.size_wh, header.bits, header.components) == ((31, 17), 8, 4)
    assert header.orientation == 6
    assert header.profile == bytes(range(200)) * 400
    assert b"Exif" not in header.without_metadata
    assert len(header.without_metadata) < len(data) - 80_000
    for cut in range(2, 600):
        with pytest.raises(EOFError, match="truncated"):
            JpegHeader.read(data[:cut])


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_an_exif_block(order: str) -> None:
    """EXIF 2.32: an 8-byte TIFF header, then entries of 12 bytes; tag 274 is a SHORT."""
    mark = b"II*\0" if order == "<" else b"MM\0*"

    def block(value: int) -> bytes:
        return mark + struct.pack(order + "IHHHIHH", 8, 1, 274, 3, 1, value, 0) + bytes(4)

    for value in range(1, 9):
        assert orientation(block(value)) == value
        assert orientation(b"Exif\0\0" + block(value)) == value
    for broken in (b"", b"II*\0", block(0), block(9), block(6)[:12], mark + b"\xff" * 20):
        assert orientation(broken) == 1
