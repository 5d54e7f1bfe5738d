"""The sizes of EfficientNet-Lite."""

from collections.abc import Mapping
from typing import NamedTuple


class Scale(NamedTuple):
    """Factors of the channels and of the number of blocks, and the picture's side in pixels."""

    width: float
    depth: float
    side: int


SCALES: Mapping[str, Scale] = {
    "lite0": Scale(1.0, 1.0, 224),
    "lite1": Scale(1.0, 1.1, 240),
    "lite2": Scale(1.1, 1.2, 260),
}


SIXTEENTH: Mapping[str, int] = {"lite0": 10, "lite1": 14, "lite2": 14}
"""The last block whose maps have a sixteenth of the picture's side."""
