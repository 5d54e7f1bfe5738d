"""A map as a layer of colour to lie over a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

_COLORMAP = cv2.COLORMAP_INFERNO


def heat_layer(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """H×W in 0–1 → H×W×4 uint8 RGBA: dark and clear where it is 0, bright and opaque at 1."""
    level = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
    bgr = cv2.applyColorMap(level, _COLORMAP)
    # The square root lets weak places show.
    alpha = np.rint(np.sqrt(share.clip(0, 1)) * 255).astype(np.uint8)
    return np.dstack([bgr[:, :, ::-1], alpha])
