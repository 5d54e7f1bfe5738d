"""Overlays, always on a copy: boxes, masks, name plates and the window that a model saw."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.drawing.label_plates import Letters, clean, draw_plate, layout
from demo.drawing.palette import Colour, palette
from demo.results import Detections, Image, check_image

_ACCENT = (37, 99, 235)
_MASK_OPACITY = 0.45
_DIMMED = 0.4


def draw_detections(
    image: Image,
    found: Detections,
    line_width: int | None = None,
    show_labels: bool = True,
    show_scores: bool = True,
    captions: Sequence[str] | None = None,
) -> Image:
    """A copy of H×W×3 uint8 RGB `image` with masks, frames and name plates, best on top.

    line_width: pixels of a frame, ≥ 1; None fits the picture. Frames run along the edges of their
    boxes, half outside, moved inwards at the edges of the picture so that the whole line shows.
    captions: one a box, in place of the names of their classes. Raises ValueError for a picture of
    another size than the detections', or another number of captions.
    """
    check_image(image)
    size_wh = (image.shape[1], image.shape[0])
    if size_wh != found.size_wh:
        raise ValueError(f"expected a picture of {found.size_wh}, got {size_wh}")
    width = line_width or _line_width(size_wh)
    if captions is not None and len(captions) != len(found):
        raise ValueError(f"expected {len(found)} captions, got {len(captions)}")
    order = np.argsort(-found.scores, kind="stable")
    best_first = found[order]
    colours = [palette(class_id) for class_id in best_first.class_ids.tolist()]
    frames = _frames(best_first.xyxy, size_wh, width)
    canvas = image.copy()
    for i in reversed(range(len(found))):
        if best_first.masks is not None:
            _fill(canvas, best_first.masks[i], colours[i])
        _frame(canvas, frames[i], colours[i], width)
    if captions is None:
        captions = [found.labels[class_id] for class_id in found.class_ids.tolist()]
    names = [clean(captions[i]) if show_labels else "" for i in order.tolist()]
    scores = [f"{score:.2f}" if show_scores else "" for score in best_first.scores.tolist()]
    _plates(canvas, frames, names, scores, colours, width)
    return canvas


def draw_window(image: Image, xyxy: tuple[float, float, float, float]) -> Image:
    """A copy of H×W×3 uint8 RGB `image` with a frame around `xyxy` (pixels), dimmed outside it."""
    check_image(image)
    size_wh = (image.shape[1], image.shape[0])
    x0, y0, x1, y1 = _frames(np.array([xyxy]), size_wh, 1)[0].tolist()
    inside = (slice(y0, y1), slice(x0, x1))
    canvas = np.asarray(cv2.convertScaleAbs(image, alpha=_DIMMED), np.uint8)
    canvas[inside] = image[inside]
    width = _line_width(size_wh)
    _frame(canvas, _frames(np.array([xyxy]), size_wh, width)[0], _ACCENT, width)
    return canvas


def _line_width(size_wh: tuple[int, int]) -> int:
    """One pixel on a thumbnail, four on a photo of a megapixel, 13 on one of twelve."""
    return round(sum(size_wh) / 600 + 1)


def _frames(xyxy: NDArray[np.floating], size_wh: tuple[int, int], width: int) -> NDArray[np.int64]:
    """Outer edges of lines that run along the edges of boxes: N×4 xyxy inside the picture."""
    pixels = np.rint(xyxy).astype(np.int64)
    size, half = np.array(size_wh), width // 2
    low = np.clip(pixels[:, :2] - half, 0, np.maximum(size - width, 0))
    high = np.minimum(np.maximum(pixels[:, 2:] + half, low + width), size)
    return np.concatenate([low, high], axis=1)


def _frame(canvas: Image, frame: NDArray[np.int64], colour: Colour, width: int) -> None:
    # Four bars: cv2 draws lines of an even width one pixel wider than asked.
    x0, y0, x1, y1 = (frame - [0, 0, 1, 1]).tolist()
    more = width - 1
    for first, last in (
        ((x0, y0), (x1, y0 + more)),
        ((x0, y1 - more), (x1, y1)),
        ((x0, y0), (x0 + more, y1)),
        ((x1 - more, y0), (x1, y1)),
    ):
        cv2.rectangle(canvas, first, last, colour, cv2.FILLED)


def _fill(canvas: Image, mask: NDArray[np.bool_], colour: Colour) -> None:
    shape = mask.view(np.uint8)
    x, y, width, height = cv2.boundingRect(shape)
    if width == 0:
        return
    part = canvas[y : y + height, x : x + width]
    flat = np.full_like(part, colour)
    mixed = cv2.addWeighted(part, 1 - _MASK_OPACITY, flat, _MASK_OPACITY, 0)
    cv2.copyTo(mixed, shape[y : y + height, x : x + width], part)


def _plates(
    canvas: Image,
    frames: NDArray[np.int64],
    names: list[str],
    scores: list[str],
    colours: list[Colour],
    width: int,
) -> None:
    """Place the best first, so that it gets the best place, and draw it last, so that it shows."""
    size_wh = (canvas.shape[1], canvas.shape[0])
    letters = Letters.fit(size_wh, [f"{n} {s}" for n, s in zip(names, scores, strict=True)])
    texts = [letters.shorten(n, s, size_wh[0]) for n, s in zip(names, scores, strict=True)]
    # On a thumbnail plates would hide what they name.
    shown = [i for i, text in enumerate(texts) if text and letters.height * 4 <= size_wh[1]]
    if not shown:
        return
    sizes = np.array([(letters.width(texts[i]), letters.height) for i in shown])
    places = layout(frames[shown], sizes, size_wh, width)
    for i, place in zip(reversed(shown), places[::-1].tolist(), strict=True):
        draw_plate(canvas, place, texts[i], colours[i], letters)
