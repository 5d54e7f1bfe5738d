"""Colour spaces as picture files state them: by chromaticities and a transfer function."""

import struct
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
"""CIE 1931 x and y."""
Curve = tuple[float, ...]
"""ICC.1:2022 parametric curve: the exponent g alone (type 0), or g, a, b, c, d (type 3)."""
Hdr = Literal["PQ", "HLG"]
"""Transfer functions of high dynamic range, ITU-R BT.2100."""

_Matrix = NDArray[np.float64]
_D65: Point = (0.3127, 0.3290)
_SRGB: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT1886: Curve = (2.4,)


class Primaries(NamedTuple):
    """The white point and the three primaries of an RGB space."""

    white: Point
    red: Point
    green: Point
    blue: Point

    def to_xyz(self) -> _Matrix:
        """3×3 matrix from linear RGB to CIE XYZ, in which white has Y = 1.

        Raises LinAlgError or ZeroDivisionError where the points span no triangle.
        """
        corners = np.stack([_xyz(point) for point in self[1:]], axis=1)
        scaled: _Matrix = corners * np.linalg.solve(corners, _xyz(self.white))
        return scaled


BT709 = Primaries(_D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
BT2020 = Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
# Code points of ITU-T H.273, tables 2 and 3.
_SMPTE_C = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES = {
    1: BT709,
    5: Primaries(_D65, (0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: _SMPTE_C,
    7: _SMPTE_C,
    9: BT2020,
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_TRANSFERS: Mapping[int, Curve | Hdr] = {
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: _SRGB,
    16: "PQ",
    18: "HLG",
}
_VIDEO_TRANSFERS = (1, 6, 14, 15)


class ColourSpace(NamedTuple):
    """What linear light the values of an RGB picture stand for."""

    primaries: Primaries
    transfer: Curve | Hdr

    @classmethod
    def of_cicp(cls, primaries: int, transfer: int, video: Curve = _SRGB) -> "ColourSpace | None":
        """The space of two code points of ITU-T H.273; None where one is unspecified or rare.

        `video` is the curve of the transfer functions of television. They state how a camera
        encodes; browsers show such AVIF files as if they were sRGB, and such PNG files by BT.1886.
        """
        curve = video if transfer in _VIDEO_TRANSFERS else _TRANSFERS.get(transfer)
        corners = _PRIMARIES.get(primaries)
        return None if curve is None or corners is None else cls(corners, curve)


def of_png_cicp(cicp: bytes) -> ColourSpace | None:
    """The colour space of a PNG's cICP chunk; None where there is none that can be shown."""
    # The third byte is the matrix, which must be 0 for RGB; the last 1 for the full range.
    if len(cicp) != 4 or cicp[2:] != b"\0\1":
        return None
    return ColourSpace.of_cicp(cicp[0], cicp[1], _BT1886)


def of_png_gamma(info: Mapping[str | tuple[int, int], object]) -> ColourSpace | None:
    """The colour space of a PNG's gAMA and cHRM chunks, unless its sRGB chunk overrules them.

    `info` is that of Pillow's image. None is sRGB.
    """
    gamma, corners, intent = info.get("gamma"), info.get("chromaticity"), info.get("srgb")
    # Intents above 3 do not exist.
    known = isinstance(intent, int) and intent <= 3
    if known or not isinstance(gamma, float) or gamma <= 0:
        return None
    if not isinstance(corners, tuple):
        # 1/2.2 without chromaticities is how old encoders wrote sRGB.
        return None if gamma == 0.45455 else ColourSpace(BT709, (1 / gamma,))
    points = [(float(x), float(y)) for x, y in zip(corners[::2], corners[1::2], strict=True)]
    return ColourSpace(Primaries(*points), (1 / gamma,))


def of_nclx(data: bytes) -> ColourSpace | None:
    """The colour space of the first `colr` box of type `nclx` in an AVIF file, None without one."""
    at = data.find(b"colrnclx", 0, 1 << 16)
    if at < 0 or at + 12 > len(data):
        return None
    return ColourSpace.of_cicp(*struct.unpack_from(">HH", data, at + 8))


def _xyz(point: Point) -> _Matrix:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])
