"""ICC profiles of RGB spaces, for the colour engine to convert from."""

import struct

import numpy as np
from numpy.typing import NDArray

from demo.images.colour_space import Curve, Primaries

# The profile connection space's white, and Bradford's cone responses: ICC.1:2022, 6.3.4.3 and E.3.
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_HEADER_BYTES, _ENTRY_BYTES = 128, 12


def rgb_profile(primaries: Primaries, curve: Curve) -> bytes:
    """A matrix profile of version 4.3 (ICC.1:2022, 9.3.4 and 7.2) for a display of RGB values.

    Raises LinAlgError or ZeroDivisionError for primaries that span no triangle, struct.error for
    values that no profile can hold.
    """
    columns = _to_d50(primaries).T
    parametric = b"para" + bytes(4) + struct.pack(">HH", 0 if len(curve) == 1 else 3, 0)
    shape = parametric + _fixed(*curve)
    tags = [(b"wtpt", b"XYZ " + bytes(4) + _fixed(*_D50))]
    for letter, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags.append((letter + b"XYZ", b"XYZ " + bytes(4) + _fixed(*column)))
        tags.append((letter + b"TRC", shape))
    start = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    return _header(start + len(body)) + table + body


def _header(size_bytes: int) -> bytes:
    start = struct.pack(">I4xI", size_bytes, 0x04300000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    return (start + bytes(28) + _fixed(*_D50)).ljust(_HEADER_BYTES, b"\0")


def _to_d50(primaries: Primaries) -> NDArray[np.float64]:
    """3×3 matrix from linear RGB to XYZ, adapted to D50."""
    to_xyz = primaries.to_xyz()
    gain = (_BRADFORD @ _D50) / (_BRADFORD @ to_xyz.sum(axis=1))
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD @ to_xyz
    return adapted


def _fixed(*values: float) -> bytes:
    """Values as s15Fixed16Number (ICC.1:2022, 4.6)."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
