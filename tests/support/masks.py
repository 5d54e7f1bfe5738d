"""Masks for tests: as pixels of a whole picture, and back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.geometry.masks import Window, decode, encode
from demo.results import Detections, RunLengths


def run_lengths(pixels: NDArray[np.bool_]) -> RunLengths:
    """N×H×W → masks."""
    size_wh = (pixels.shape[2], pixels.shape[1])
    return RunLengths(tuple(encode(Window(one, 0, 0), size_wh) for one in pixels), size_wh)


def whole(masks: RunLengths, i: int) -> NDArray[np.bool_]:
    """H×W: mask number i."""
    width, height = masks.size_wh
    window = decode(masks, i)
    rows, columns = window.pixels.shape
    pixels = np.zeros((height, width), np.bool_)
    pixels[window.y : window.y + rows, window.x : window.x + columns] = window.pixels
    return pixels


def blobs(count: int, size_wh: tuple[int, int], seed: int = 0) -> NDArray[np.bool_]:
    """N×H×W: smooth shapes of several parts, with holes, each in a box of its own."""
    dice = np.random.default_rng(seed)
    width, height = size_wh
    pixels = np.zeros((count, height, width), np.bool_)
    for one in pixels:
        x0, y0 = int(dice.integers(0, width // 2)), int(dice.integers(0, height // 2))
        columns, rows = int(dice.integers(20, width - x0)), int(dice.integers(20, height - y0))
        noise = dice.random((rows, columns)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), min(rows, columns) / 10)
        one[y0 : y0 + rows, x0 : x0 + columns] = smooth > np.median(smooth)
    return pixels


def segments(pixels: NDArray[np.bool_], labels: tuple[str, ...]) -> Detections:
    """Detections with these masks, each in the smallest box around it; classes in turn."""
    masks = run_lengths(pixels)
    windows = [decode(masks, i) for i in range(len(masks))]
    corners = [(w.x, w.y, w.x + w.pixels.shape[1], w.y + w.pixels.shape[0]) for w in windows]
    scores = np.linspace(0.95, 0.3, len(masks)).astype(np.float32)
    ids = np.arange(len(masks)) % len(labels)
    xyxy = np.array(corners, np.float32).reshape(-1, 4)
    return Detections(xyxy, scores, ids, labels, masks.size_wh, masks)
