"""Drawing detections on a copy of a picture: boxes, masks, label plates, the input window."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.drawing.label_plates import Letters, clean, draw_plate, place_plates
from demo.drawing.palette import Colour, palette
from demo.geometry.masks import Window, decode
from demo.results import Detections, Image, Masks, check_image

_ACCENT = (37, 99, 235)
_MASK_OPACITY = 0.45
_DIM_BRIGHTNESS = 0.4


def draw_detections(
    image: Image,
    found: Detections,
    line_width: int | None = None,
    show_labels: bool = True,
    show_scores: bool = True,
    show_boxes: bool = True,
    captions: Sequence[str] | None = None,
    colours: Sequence[Colour] | None = None,
) -> Image:
    """A copy of `image` with masks, outlines and label plates; the highest score on top.

    Masks are translucent, with a contour along the inside of their edges. Outlines run along the
    edges of their boxes, half of the line outside, moved inwards at the edges of the picture so
    that the whole line is visible.

    Args:
        image: H×W×3 uint8 RGB.
        found: detections in a picture of that size.
        line_width: of the outlines, pixels, ≥ 1; None chooses it by the size of the picture.
        show_labels: whether plates show the class names or captions.
        show_scores: whether plates show the scores.
        show_boxes: whether the outlines are drawn; plates are where they are with them.
        captions, colours: one a box, in place of the names and the colours of the classes.

    Raises:
        ValueError: for a picture of another size than that of `found`, or another number of
            captions or colours than boxes.
    """
    if captions is None:
        captions = [found.labels[class_id] for class_id in found.class_ids.tolist()]
    if colours is None:
        colours = [palette(class_id) for class_id in found.class_ids.tolist()]
    check_drawable(image, found, captions, colours)
    width = line_width or default_line_width(found.size_wh)
    order = np.argsort(-found.scores, kind="stable")
    best_first = found[order]
    colours = [colours[i] for i in order.tolist()]
    outlines = line_edges(best_first.xyxy, found.size_wh, width)
    canvas = image.copy()
    _draw_shapes(canvas, best_first.masks, outlines if show_boxes else None, colours, width)
    names = [clean(captions[i]) if show_labels else "" for i in order.tolist()]
    scores = [f"{score:.2f}" if show_scores else "" for score in best_first.scores.tolist()]
    draw_plates(canvas, outlines, names, scores, colours, width)
    return canvas


def draw_window(image: Image, xyxy: tuple[float, float, float, float]) -> Image:
    """A copy of H×W×3 uint8 RGB `image`, dimmed outside `xyxy` (pixels), with an outline."""
    check_image(image)
    size_wh = (image.shape[1], image.shape[0])
    x0, y0, x1, y1 = line_edges(np.array([xyxy]), size_wh, 1)[0].tolist()
    inside = (slice(y0, y1), slice(x0, x1))
    canvas = np.asarray(cv2.convertScaleAbs(image, alpha=_DIM_BRIGHTNESS), np.uint8)
    canvas[inside] = image[inside]
    width = default_line_width(size_wh)
    outline = line_edges(np.array([xyxy]), size_wh, width)[0]
    _draw_outline(canvas, outline, _ACCENT, width)
    return canvas


def check_drawable(
    image: Image, found: Detections, captions: Sequence[str], colours: Sequence[Colour]
) -> None:
    """Raise ValueError unless `found` is of that picture, with a caption and a colour a box."""
    check_image(image)
    size_wh = (image.shape[1], image.shape[0])
    if size_wh != found.size_wh:
        raise ValueError(f"expected a picture of {found.size_wh}, got {size_wh}")
    for kind, given in (("captions", len(captions)), ("colours", len(colours))):
        if given != len(found):
            raise ValueError(f"expected {len(found)} {kind}, got {given}")


def default_line_width(size_wh: tuple[int, int]) -> int:
    """Pixels: one on a thumbnail, 4 on a photo of 1 megapixel, 13 on one of 12."""
    return round(sum(size_wh) / 600 + 1)


def line_edges(
    xyxy: NDArray[np.floating], size_wh: tuple[int, int], width: int
) -> NDArray[np.int64]:
    """Outer edges of lines of `width` along the edges of boxes: N×4 xyxy inside the picture."""
    pixels = np.rint(xyxy).astype(np.int64)
    size, half = np.array(size_wh), width // 2
    low = np.clip(pixels[:, :2] - half, 0, np.maximum(size - width, 0))
    high = np.minimum(np.maximum(pixels[:, 2:] + half, low + width), size)
    return np.concatenate([low, high], axis=1)


def _draw_outline(canvas: Image, outline: NDArray[np.int64], colour: Colour, width: int) -> None:
    # Four bars, since cv2 draws lines of an even width one pixel too wide.
    x0, y0, x1, y1 = (outline - [0, 0, 1, 1]).tolist()
    inset = width - 1
    for first, last in (
        ((x0, y0), (x1, y0 + inset)),
        ((x0, y1 - inset), (x1, y1)),
        ((x0, y0), (x0 + inset, y1)),
        ((x1 - inset, y0), (x1, y1)),
    ):
        cv2.rectangle(canvas, first, last, colour, cv2.FILLED)


def _draw_shapes(
    canvas: Image,
    masks: Masks | None,
    outlines: NDArray[np.int64] | None,
    colours: Sequence[Colour],
    width: int,
) -> None:
    """Masks and outlines, those that there are; the first on top."""
    runs = None if masks is None else masks.runs()
    for i in reversed(range(len(colours))):
        if runs is not None:
            _draw_mask(canvas, decode(runs, i), colours[i], width)
        if outlines is not None:
            _draw_outline(canvas, outlines[i], colours[i], width)


def _draw_mask(canvas: Image, mask: Window, colour: Colour, width: int) -> None:
    shape = np.ascontiguousarray(mask.pixels).view(np.uint8)
    if not shape.size:
        return
    part = canvas[mask.y : mask.y + shape.shape[0], mask.x : mask.x + shape.shape[1]]
    flat = np.full_like(part, colour)
    mixed = cv2.addWeighted(part, 1 - _MASK_OPACITY, flat, _MASK_OPACITY, 0)
    cv2.copyTo(mixed, shape, part)
    # What is nearer to the edge than the contour is wide belongs to the contour.
    brush = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    inner = cv2.erode(shape, brush, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    cv2.copyTo(flat, shape - inner, part)


def draw_plates(
    canvas: Image,
    outlines: NDArray[np.int64],
    names: list[str],
    scores: list[str],
    colours: list[Colour],
    width: int,
) -> None:
    """Place the best first, so that it gets the best place; draw it last, so that it is on top."""
    size_wh = (canvas.shape[1], canvas.shape[0])
    letters = Letters.fit(size_wh, [f"{n} {s}" for n, s in zip(names, scores, strict=True)])
    texts = [letters.shorten(n, s, size_wh[0]) for n, s in zip(names, scores, strict=True)]
    # On a thumbnail plates would hide the objects.
    shown = [i for i, text in enumerate(texts) if text and letters.height * 4 <= size_wh[1]]
    if not shown:
        return
    sizes = np.array([(letters.width(texts[i]), letters.height) for i in shown])
    places = place_plates(outlines[shown], sizes, size_wh, width)
    for i, place in zip(reversed(shown), places[::-1].tolist(), strict=True):
        draw_plate(canvas, place, texts[i], colours[i], letters)
