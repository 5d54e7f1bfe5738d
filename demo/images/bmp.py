"""BMP files whose pixels are split into channels by masks of any bits, alpha included.

Pillow knows a few masks only, and no transparency in pixels of 16 bits.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.results import Image

_FILE_HEADER_BYTES, _INFO_BYTES, _ALPHA_INFO_BYTES = 14, 40, 56
_MASKS_AT = _FILE_HEADER_BYTES + _INFO_BYTES
_BIT_FIELDS, _ALPHA_BIT_FIELDS = 3, 6
_STRIP_PIXELS = 1 << 18


@dataclass(frozen=True, slots=True)
class MaskedBitmap:
    """The header of such a file ([MS-WMF] 2.2.2.3 and BITMAPV4HEADER)."""

    size_wh: tuple[int, int]
    """Width and height, pixels."""
    top_down: bool
    """Whether the first row stored is the top one."""
    bits: int
    """Bits a pixel, 16 or 32."""
    masks: tuple[int, int, int, int]
    """Bits of red, green, blue and alpha; no bits for alpha where there is none."""
    start: int
    """Offset of the first row."""

    @classmethod
    def read(cls, data: bytes) -> "MaskedBitmap | None":
        """The header of a BMP file, None where its pixels are not split by masks."""
        if len(data) < _MASKS_AT + 16:
            return None
        start, info_bytes, width, height, _, bits, compression = struct.unpack_from(
            "<IIiiHHI", data, 10
        )
        fields = compression in (_BIT_FIELDS, _ALPHA_BIT_FIELDS)
        if not fields or info_bytes < _INFO_BYTES or bits not in (16, 32):
            return None
        red, green, blue, alpha = struct.unpack_from("<4I", data, _MASKS_AT)
        if info_bytes < _ALPHA_INFO_BYTES and compression != _ALPHA_BIT_FIELDS:
            alpha = 0
        return cls((width, abs(height)), height < 0, bits, (red, green, blue, alpha), start)

    def decode(self, data: bytes) -> Image:
        """The pixels of the file: H×W×3 or H×W×4 uint8, RGB or RGBA, upright.

        Raises EOFError for a file that ends too early, ValueError for a mask with a gap.
        """
        width, height = self.size_wh
        row_bytes = (width * self.bits + 31) // 32 * 4
        stored = np.frombuffer(data, np.uint8)[self.start : self.start + row_bytes * height]
        if stored.size < row_bytes * height:
            raise EOFError("truncated before its last row")
        words = stored.reshape(height, row_bytes).view(f"<u{self.bits // 8}")[:, :width]
        words = words if self.top_down else words[::-1]
        pixels = np.empty((height, width, 4 if self.masks[3] else 3), np.uint8)
        step = max(1, _STRIP_PIXELS // width)
        for top in range(0, height, step):
            strip = words[top : top + step].astype(np.uint32)
            for channel, mask in enumerate(self.masks[: pixels.shape[2]]):
                pixels[top : top + step, :, channel] = _levels(strip, mask)
        if self.masks[3] and not pixels[..., 3].any():
            # Programs that know no alpha leave its bits at 0.
            return np.ascontiguousarray(pixels[..., :3])
        return pixels


def _levels(words: NDArray[np.uint32], mask: int) -> NDArray[np.uint8]:
    """The bits of `mask`, scaled to 0–255."""
    if not mask:
        return np.zeros(words.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    largest = mask >> shift
    if largest & (largest + 1):
        raise ValueError(f"expected a mask without gaps, got {mask:#x}")
    values = ((words & np.uint32(mask)) >> np.uint32(shift)).astype(np.float32)
    levels: NDArray[np.uint8] = (values * np.float32(255 / largest) + 0.5).astype(np.uint8)
    return levels
