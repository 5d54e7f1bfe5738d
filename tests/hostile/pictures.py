"""Picture files whose headers promise far more than they hold, and large ones that are allowed."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image as pil


@cache
def bombs() -> dict[str, bytes]:
    """Name → a small file that unfolds to hundreds of megabytes and more."""
    side = 13_300
    return {
        "bits.png": _png(side, side, 1, 0, _zeros(side * (side // 8 + 1))),
        "colour.png": _png(side, side, 8, 2, _zeros(side * (side * 3 + 1))),
        "beyond_pillow.png": _png(50_000, 50_000, 1, 0, _zeros(1000)),
        "long.png": _png(2_000_000, 12, 8, 0, _zeros(12 * 2_000_001)),
        "profile.png": _png(8, 8, 8, 0, _zeros(72), (b"iCCP", b"x\0\0" + _zeros(200_000_000))),
        "text.png": _png(8, 8, 8, 0, _zeros(72), (b"zTXt", b"x\0\0" + _zeros(200_000_000))),
        "more_than_said.png": _png(8, 8, 8, 0, _zeros(200_000_000)),
        "screen.gif": b"GIF89a"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\x80\0\0"
        + b"\0" * 6
        + b";",
        "frames.gif": _gif(400),
        "head.bmp": b"BM"
        + struct.pack(
            "<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0
        ),
        "tiles.tif": _tiff(60_000, 60_000),
        "head.jpg": _jpeg(65_500, 65_500),
    }


@cache
def allowed(kind: str) -> bytes:
    """A picture of 25 megapixels, 5,000×5,000, in a form that takes much memory to decode."""
    coarse = np.random.default_rng(0).integers(0, 255, (50, 50, 3), np.uint8)
    photo = pil.fromarray(coarse).resize((5000, 5000), pil.Resampling.BILINEAR)
    file = io.BytesIO()
    if kind == "jpeg":
        photo.save(file, "JPEG", quality=60)
    elif kind == "progressive":
        photo.save(file, "JPEG", quality=50, progressive=True)
    elif kind == "cmyk":
        photo.convert("CMYK").save(file, "JPEG", quality=50)
    elif kind == "rgba":
        photo.putalpha(128)
        photo.save(file, "PNG", compress_level=1)
    elif kind == "deep":
        return _png(5000, 5000, 16, 6, _zeros(5000 * 40_001))
    elif kind == "webp":
        photo.save(file, "WEBP", quality=30, method=0)
    else:
        raise ValueError(f"expected a kind of picture, got {kind!r}")
    return file.getvalue()


ALLOWED = ("jpeg", "progressive", "cmyk", "deep", "webp")


def mutated(data: bytes, seed: int) -> bytes:
    """The file with some bytes changed, cut, doubled or removed."""
    rng = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(0, max(len(changed), 1)))
        way = int(rng.integers(0, 4))
        if way == 0:
            changed[at : at + 1] = rng.bytes(1)
        elif way == 1:
            del changed[at : at + int(rng.integers(1, 64))]
        elif way == 2:
            changed[at:at] = changed[at : at + int(rng.integers(1, 64))]
        else:
            changed[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(
        changed[: int(rng.integers(0, len(changed) + 1))] if rng.random() < 0.1 else changed
    )


def garbage(count: int) -> Iterator[tuple[str, bytes]]:
    """Files that are nothing, some of which begin as something; with names of pictures."""
    rng = np.random.default_rng(7)
    heads = [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x18ftypavif",
        b"II*\0\x08\0\0\0",
        b"BM",
        b"8BPS",
        b"%PDF-1.7",
        b"%!PS-Adobe",
        b"\0\0\1\0\1\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"PK\x03\x04",
        b"\x80\x04",
        b"\xff\x0a",
        b"\0\0\0\x0cJXL ",
        b"\0\0\0\x0cjP  ",
        b"SIMPLE  =",
    ]
    suffixes = ["jpg", "png", "heic", "avif", "jxl", "tif", "gif", "webp", "svg", "eps"]
    for index in range(count):
        head = heads[index % len(heads)]
        name = f"garbage{index}.{suffixes[index // 2 % len(suffixes)]}"
        yield name, head + rng.bytes(int(rng.integers(0, 4000)))


def _zeros(size: int) -> bytes:
    """So many zeros, compressed, without ever holding them."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(size >> 20)]
    return b"".join([*parts, packer.compress(bytes(size & 0xFFFFF)), packer.flush()])


def _png(
    width: int,
    height: int,
    bits: int,
    kind: int,
    packed: bytes,
    more: tuple[bytes, bytes] | None = None,
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = [(b"IHDR", head), *([more] if more else []), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _gif(frames: int) -> bytes:
    file = io.BytesIO()
    pictures = [pil.new("P", (2000, 2000), i % 250) for i in range(3)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    data = file.getvalue()
    frame = data[data.rindex(b"\x21\xf9") : -1]
    return data[:-1] + frame * frames + b";"


def _tiff(width: int, height: int) -> bytes:
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (278, height),
        (279, 8),
    ]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + b"\0" * 4


def _jpeg(width: int, height: int) -> bytes:
    file = io.BytesIO()
    pil.new("L", (16, 16)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)
