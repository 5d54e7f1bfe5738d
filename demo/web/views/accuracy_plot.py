"""Accuracy against latency as an SVG chart, of models whose scores can be compared."""

from collections.abc import Sequence
from typing import NamedTuple

from demo.compare.comparison import Entry
from demo.i18n import translate
from demo.models.spec import Score
from demo.web.views.answer import note
from demo.web.views.templates import render

_WIDTH, _HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 24, 16, 36
"""Margins of the drawing area, units of the SVG."""
_LETTER = 7.2
"""Width of a letter, about."""


class _Point(NamedTuple):
    """A model: place, and place and anchor of its name."""

    name: str
    x: float
    y: float
    text_x: float
    anchor: str


class _Tick(NamedTuple):
    """A number on an axis, and its place."""

    text: str
    at: float


def accuracy_plot(entries: Sequence[Entry], locale: str) -> str:
    """The chart, and which models are not in it; a sentence where fewer than two can be drawn.

    Scores are comparable if they are of one metric and one data set; the largest such group is
    drawn, of two equal ones the first. A measured score counts before a published one.
    """
    title, chosen = _comparable(entries)
    if len(chosen) < 2:
        return note(translate("compare_plot_none", locale))
    left_out = [one.spec.name for one in entries if one.spec.name not in {n for n, _, _ in chosen}]
    ticks_x, high_x = _ticks(0.0, max(x for _, x, _ in chosen))
    scores = [y for _, _, y in chosen]
    margin = max((max(scores) - min(scores)) * 0.25, 1.0)
    low_y, high_y = max(min(scores) - margin, 0.0), min(max(scores) + margin, 100.0)
    return render(
        "accuracy_plot",
        title=translate("compare_plot_title", locale, score=title),
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        bottom=_HEIGHT - _BOTTOM,
        right=_WIDTH - _RIGHT,
        points=[
            _point(name, _x(x / high_x), _y((y - low_y) / (high_y - low_y)))
            for name, x, y in chosen
        ],
        ticks_x=[_Tick(f"{value:g}", _x(value / high_x)) for value in ticks_x],
        ticks_y=[_Tick(f"{low_y + part * (high_y - low_y):.1f}", _y(part)) for part in (0, 0.5, 1)],
        left_out=", ".join(left_out),
        locale=locale,
    )


def _comparable(entries: Sequence[Entry]) -> tuple[str, list[tuple[str, float, float]]]:
    """The title of the largest group of comparable scores, and its (name, ms, score in %)."""
    groups: dict[str, dict[str, tuple[str, float, float]]] = {}
    for one in entries:
        if one.latency is None:
            continue
        for score in (one.spec.measured, one.spec.published):
            if score is not None and "unit" not in score:
                point = (one.spec.name, one.latency.p50, score["value"])
                groups.setdefault(_title(score), {}).setdefault(one.spec.name, point)
    title, points = max(groups.items(), key=lambda group: len(group[1]), default=("", {}))
    return title, list(points.values())


def _title(score: Score) -> str:
    return f"{score['metric']} ({score['dataset']})" if "dataset" in score else score["metric"]


def _ticks(low: float, high: float) -> tuple[list[float], float]:
    """Round numbers from `low` to a little beyond `high`, and the last of them."""
    steps = [base * 10.0**power for power in range(-3, 6) for base in (1, 2, 5)]
    step = next(one for one in steps if (high * 1.1 - low) / one <= 5)
    count = int((high * 1.1 - low) / step) + 1
    return [low + i * step for i in range(count + 1)], low + count * step


def _point(name: str, x: float, y: float) -> _Point:
    fits_right = x + 10 + _LETTER * len(name) < _WIDTH
    return _Point(name, x, y, x + 9 if fits_right else x - 9, "start" if fits_right else "end")


def _x(part: float) -> float:
    return round(_LEFT + part * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(part: float) -> float:
    return round(_HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM), 1)
