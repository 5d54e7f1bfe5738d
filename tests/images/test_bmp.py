"""BMP files whose pixels are split by masks."""

import struct

import numpy as np
import pytest

from demo.images.bmp import MaskedBitmap
from demo.images.decode import decode
from demo.images.limits import Limits
from tests.support.photos import refused

LIMITS = Limits()


def bitmap(words: np.ndarray, masks: tuple[int, ...], info_bytes: int, top_down: bool) -> bytes:
    """A file of H×W words of 16 or 32 bits, first row on top."""
    height, width = words.shape
    bits = words.dtype.itemsize * 8
    stored = words if top_down else words[::-1]
    pad = -width * words.dtype.itemsize % 4
    rows = b"".join(row.tobytes() + bytes(pad) for row in stored)
    info = struct.pack(
        "<IiiHHIIiiII",
        info_bytes,
        width,
        -height if top_down else height,
        1,
        bits,
        6 if len(masks) == 4 and info_bytes == 40 else 3,
        len(rows),
        0,
        0,
        0,
        0,
    )
    behind = struct.pack(f"<{len(masks)}I", *masks)
    head = info + (behind if info_bytes == 40 else behind.ljust(info_bytes - 40, b"\0"))
    start = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + rows


LAYOUTS: dict[str, tuple[int, tuple[int, ...]]] = {
    "565": (16, (0xF800, 0x07E0, 0x001F)),
    "1555": (16, (0x7C00, 0x03E0, 0x001F, 0x8000)),
    "4444": (16, (0x0F00, 0x00F0, 0x000F, 0xF000)),
    "11-11-10": (32, (0xFFE00000, 0x001FFC00, 0x000003FF)),
    "8888": (32, (0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)),
    "green only": (32, (0, 0x0000FF00, 0)),
}


@pytest.mark.parametrize("info_bytes", [40, 56, 108, 124])
@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("name", LAYOUTS)
def test_masks_of_any_bits(name: str, top_down: bool, info_bytes: int) -> None:
    """Each channel is its bits over the largest value of its mask; transparent is white."""
    bits, masks = LAYOUTS[name]
    words = np.random.default_rng(5).integers(0, 1 << bits, (7, 9)).astype(f"<u{bits // 8}")
    rgb = decode(bitmap(words, masks, info_bytes, top_down), LIMITS).rgb
    shares = [(words & m) / m if m else np.zeros(words.shape) for m in masks]
    colour = np.stack(shares[:3], axis=-1)
    alpha = shares[3][..., None] if len(masks) == 4 else np.ones((7, 9, 1))
    np.testing.assert_allclose(rgb, 255 * (colour * alpha + 1 - alpha), atol=1.1)


def test_alpha_of_zero_everywhere_is_none() -> None:
    words = np.full((4, 4), 0x00112233, np.uint32)
    data = bitmap(words, LAYOUTS["8888"][1], 108, top_down=False)
    picture = decode(data, LIMITS)
    np.testing.assert_array_equal(picture.rgb, np.broadcast_to([0x11, 0x22, 0x33], (4, 4, 3)))
    assert not picture.notes


def test_damage_and_limits_are_one_sentence() -> None:
    words = np.zeros((20, 30), np.uint16)
    data = bitmap(words, LAYOUTS["565"][1], 40, top_down=False)
    assert refused(data[:-1]).key == "image_truncated"
    assert refused(data, Limits(max_side=25)).key == "image_too_long"
    gap = bitmap(words, (0xF0F0, 0x0F00, 0x000F), 40, top_down=False)
    assert refused(gap).key == "image_damaged"
    empty = bytearray(data)
    empty[18:22] = bytes(4)
    assert refused(bytes(empty)).key == "image_damaged"
    beyond = bytearray(data)
    beyond[10:14] = b"\xff\xff\xff\x7f"
    assert refused(bytes(beyond)).key == "image_truncated"


def test_other_files_have_no_masks() -> None:
    assert MaskedBitmap.read(b"BM") is None
    assert MaskedBitmap.read(b"BM" + bytes(200)) is None
