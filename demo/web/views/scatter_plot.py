"""Named points in a plane as an SVG chart."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from demo.web.views.templates import render

_WIDTH, _HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 24, 16, 36
"""Margins of the drawing area, units of the SVG."""
_LETTER = 7.2
"""Width of a letter, about."""
_LINE = 13.0
"""Height of a name."""


class Dot(NamedTuple):
    """A point and its name."""

    name: str
    x: float
    y: float


class _Point(NamedTuple):
    """A point: place, and place and anchor of its name."""

    name: str
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str


class _Tick(NamedTuple):
    """A number on an axis, and its place."""

    text: str
    at: float


def scatter_plot(
    dots: Sequence[Dot],
    title: str,
    x_title: str,
    locale: str,
    *,
    left_out: str = "",
    logarithmic: bool = False,
) -> str:
    """The chart as HTML.

    Args:
        dots: x > 0 from 0 upwards, or in powers of ten where `logarithmic`; y in %.
        title: above the chart. x_title: below it.
        locale: one of `demo.i18n.LOCALES`.
        left_out: names of what has no point, for a sentence below.
        logarithmic: of the x axis.
    """
    xs, ys = [dot.x for dot in dots], [dot.y for dot in dots]
    values = _powers(min(xs), max(xs)) if logarithmic else _round_numbers(max(xs))
    margin = max((max(ys) - min(ys)) * 0.25, 1.0)
    low_y, high_y = max(min(ys) - margin, 0.0), min(max(ys) + margin, 100.0)

    def across(value: float) -> float:
        if logarithmic:
            low, high = log10(values[0]), log10(values[-1])
            return _x((log10(value) - low) / (high - low))
        return _x((value - values[0]) / (values[-1] - values[0]))

    places = [(dot.name, across(dot.x), _y((dot.y - low_y) / (high_y - low_y))) for dot in dots]
    return render(
        "scatter_plot",
        title=title,
        x_title=x_title,
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        bottom=_HEIGHT - _BOTTOM,
        right=_WIDTH - _RIGHT,
        points=_named(places),
        ticks_x=[_Tick(f"{value:g}", across(value)) for value in values],
        ticks_y=[_Tick(f"{low_y + part * (high_y - low_y):.1f}", _y(part)) for part in (0, 0.5, 1)],
        left_out=left_out,
        locale=locale,
    )


def _round_numbers(high: float) -> list[float]:
    """Round numbers from 0 to a little beyond `high`."""
    steps = [base * 10.0**power for power in range(-3, 6) for base in (1, 2, 5)]
    step = next(one for one in steps if high * 1.1 / one <= 5)
    return [i * step for i in range(int(high * 1.1 / step) + 2)]


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten around `low` and `high`."""
    first, last = floor(log10(low)), ceil(log10(high))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def _named(places: Sequence[tuple[str, float, float]]) -> list[_Point]:
    """Names beside their points, right or left, above or below, where no other name stands."""
    taken = [(x - 6, y - 6, x + 6, y + 6) for _, x, y in places]
    points = []
    for name, x, y in places:
        width = _LETTER * len(name)
        ways = [
            (x + side * 9, y + up, "start" if side > 0 else "end")
            for up in (0.0, -_LINE, _LINE)
            for side in (1, -1)
        ]
        boxes = [_box(text_x, text_y, anchor, width) for text_x, text_y, anchor in ways]
        own = (x - 6, y - 6, x + 6, y + 6)
        others = [box for box in taken if box != own]
        best = min(
            range(len(ways)), key=lambda i: (_outside(boxes[i]) + _covered(boxes[i], others), i)
        )
        text_x, text_y, anchor = ways[best]
        taken.append(boxes[best])
        points.append(_Point(name, x, y, round(text_x, 1), round(text_y + 4, 1), anchor))
    return points


_Rectangle = tuple[float, float, float, float]


def _box(x: float, y: float, anchor: str, width: float) -> _Rectangle:
    left = x if anchor == "start" else x - width
    return left, y - _LINE / 2, left + width, y + _LINE / 2


def _outside(box: _Rectangle) -> float:
    """Area of a name beyond the drawing, weighed heavily: it would be cut off."""
    x0, _, x1, _ = box
    return 100.0 * (max(_LEFT - x0, 0.0) + max(x1 - _WIDTH, 0.0))


def _covered(box: _Rectangle, others: Sequence[_Rectangle]) -> float:
    x0, y0, x1, y1 = box
    return sum(
        max(min(x1, right) - max(x0, left), 0.0) * max(min(y1, bottom) - max(y0, top), 0.0)
        for left, top, right, bottom in others
    )


def _x(part: float) -> float:
    return round(_LEFT + part * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(part: float) -> float:
    return round(_HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM), 1)
