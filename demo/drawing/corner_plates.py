"""Lines of text as plates in the upper left corner of a picture."""

from collections.abc import Sequence

from demo.drawing.label_plates import Letters, draw_plate
from demo.results import Image

_ACCENT = (37, 99, 235)


def draw_corner_plates(canvas: Image, lines: Sequence[str]) -> None:
    """Draw plates one below the other, in place, as many as there is room for."""
    size_wh = (canvas.shape[1], canvas.shape[0])
    letters = Letters.fit(size_wh, list(lines))
    for i, line in enumerate(lines):
        top = i * letters.height
        text = letters.shorten(line, "", size_wh[0])
        if text and top + letters.height <= size_wh[1]:
            xyxy = (0, top, letters.width(text), top + letters.height)
            draw_plate(canvas, xyxy, text, _ACCENT, letters)
