"""Where a map lies on the upload, and where on a map a box of the upload lies."""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.explain.method import HeatMap
from demo.geometry.letterbox import Letterbox
from demo.models.spec import Prepared
from demo.models.target import Target

Share = tuple[float, float, float, float]
"""Left, upper, right and lower end of a part of a map, each a share of its sides, 0–1."""
WHOLE: Share = (0.0, 0.0, 1.0, 1.0)


def place_of(target: Target, prepared: Prepared) -> Share:
    """Where on a map the target's box lies; all of it for a target without a box."""
    if target.xyxy is None or not isinstance(prepared.geometry, Letterbox):
        return WHOLE
    height, width = prepared.inputs.shape[2:]
    box = prepared.geometry.forward(np.array([target.xyxy], np.float32))[0]
    x0, y0, x1, y1 = (box / (width, height, width, height)).clip(0, 1).tolist()
    return x0, y0, x1, y1


def on_upload(heat: HeatMap, prepared: Prepared, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """The map over the whole upload, 0–1; 0 where the network saw nothing of it.

    Args:
        heat: the map over the network's input.
        prepared: the request.
        size_wh: of the answer, pixels; the shape of the upload.
    """
    assert prepared.view is not None
    height, width = prepared.inputs.shape[2:]
    whole = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
    if isinstance(prepared.geometry, Letterbox):
        (left, top), (inner_w, inner_h) = prepared.geometry.pad_xy, prepared.geometry.resized_wh
        whole = whole[top : top + inner_h, left : left + inner_w]
    scale_x, scale_y = (new / old for new, old in zip(size_wh, prepared.view.size_wh, strict=True))
    left_x, top_y, right_x, bottom_y = prepared.view.window_xyxy
    x0, x1 = round(left_x * scale_x), round(right_x * scale_x)
    y0, y1 = round(top_y * scale_y), round(bottom_y * scale_y)
    placed = np.zeros((size_wh[1], size_wh[0]), np.float32)
    inner = (max(x1 - x0, 1), max(y1 - y0, 1))
    window = cv2.resize(whole, inner, interpolation=cv2.INTER_LINEAR)
    x0, y0 = min(x0, size_wh[0] - 1), min(y0, size_wh[1] - 1)
    part = placed[y0 : y0 + inner[1], x0 : x0 + inner[0]]
    part[:] = window[: part.shape[0], : part.shape[1]]
    share: NDArray[np.float32] = placed / max(placed.max(), np.finfo(np.float32).tiny)
    return share
