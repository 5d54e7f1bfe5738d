"""Pictures of high dynamic range (PQ, HLG) on a screen of ordinary brightness.

The reference-white curve of SMPTE ST 2094-50, as browsers apply it: half of the screen's light for
everything up to the white of paper (203 cd/m², ITU-R BT.2408), a smooth shoulder above it, and the
screen's white for 1,000 cd/m².
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.images.colour_space import BT709, BT2020, Hdr, Primaries
from demo.results import Image

_Floats = NDArray[np.float32]
_PEAK = 1000 / 203
_KNEE = 0.5
_ENCODED_STEPS = 1 << 16


def to_sdr(rgb: Image, primaries: Primaries, transfer: Hdr) -> Image:
    """H×W×3 uint8 values of `transfer` and `primaries` as H×W×3 uint8 sRGB."""
    to_wide = _matrix(primaries, BT2020)
    light = cv2.transform(_decoding(transfer)[rgb], to_wide)
    if transfer == "HLG":
        luminance = light @ BT2020.to_xyz()[1].astype(np.float32)
        light *= _PEAK * np.maximum(luminance, 0)[..., None] ** np.float32(0.2)
    brightest = np.maximum(light.max(axis=2), 1e-6)
    light *= (_shoulder(brightest) / brightest)[..., None]
    shown = cv2.transform(light, _matrix(BT2020, BT709)).clip(0, 1)
    encoded: Image = _encoding()[(shown * (_ENCODED_STEPS - 1) + 0.5).astype(np.uint16)]
    return encoded


def _shoulder(light: _Floats) -> _Floats:
    """Light relative to reference white → relative to the screen's white, by a Bézier curve."""
    # Its middle point lies at 65 % between the knee and the corner above it.
    middle, middle_shown = 1 + 0.65 * (1 / _KNEE - 1), _KNEE + 0.65 * (1 - _KNEE)
    a, b = 1 - 2 * middle + _PEAK, 2 * (middle - 1)
    t = (np.sqrt(b * b + 4 * a * np.maximum(light - 1, 0)) - b) / (2 * a)
    t = np.minimum(t, 1)
    above = _KNEE + 2 * (middle_shown - _KNEE) * t + (_KNEE - 2 * middle_shown + 1) * t * t
    shown: _Floats = np.where(light <= 1, _KNEE * light, above).astype(np.float32)
    return shown


@cache
def _matrix(source: Primaries, target: Primaries) -> _Floats:
    """3×3 matrix between linear RGB spaces of one white point."""
    between: _Floats = (np.linalg.inv(target.to_xyz()) @ source.to_xyz()).astype(np.float32)
    return between


@cache
def _decoding(transfer: Hdr) -> _Floats:
    """Light of the 256 values: of PQ relative to 203 cd/m², of HLG that of the scene, 0–1."""
    value = np.arange(256) / 255
    if transfer == "PQ":  # ITU-R BT.2100, table 4
        root = value ** (32 / 2523)
        light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        light = light ** (8192 / 1305) * 10000 / 203
    else:  # table 5
        above = (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = np.where(value <= 0.5, value * value / 3, above)
    return light.astype(np.float32)


@cache
def _encoding() -> Image:
    """SRGB values (IEC 61966-2-1) of equally spaced linear light."""
    light = np.arange(_ENCODED_STEPS) / (_ENCODED_STEPS - 1)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    encoded: Image = (value * 255 + 0.5).astype(np.uint8)
    return encoded
