"""The class timeline of a video as an SVG chart; `static/timeline.js` links it to the player."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.drawing.palette import hex_color
from demo.i18n import translate
from demo.tracking.class_timeline import ClassSeries, TimelineSnapshot
from demo.web.views.templates import render

_WIDTH, _HEIGHT = 1000, 100
"""Units of the drawing; it is stretched to the space available, its line widths are not."""
_TICK_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MAX_TICKS = 6
_MAX_TICK_SHARE = 0.96
"""A tick further right than this share of the width would reach out of the chart."""
_SCORE_TOPS = (0.1, 0.2, 0.5, 1.0)
_COUNT_STEPS = tuple(digit * 10**zeros for zeros in range(9) for digit in (1, 2, 5))


class _Curve(NamedTuple):
    """One class: its line as an SVG path, and its value at each point of time."""

    label: str
    color: str
    path: str
    values: list[str]


class _Level(NamedTuple):
    """A horizontal grid line: `y` in units of the drawing, `percent` of the height from below."""

    y: str
    percent: str
    text: str


class _Tick(NamedTuple):
    """A moment on the time axis, `percent` of the width from the left."""

    percent: str
    text: str


def chart(timeline: TimelineSnapshot, locale: str, names: Mapping[str, str] | None = None) -> str:
    """Lines in the colours of their classes, and a legend with the values at the player's position.

    Empty for a video in which nothing was found. names: label → name for people, else the labels.
    """
    if not timeline.series or timeline.end_s <= 0:
        return ""
    top = _top(timeline)
    return render(
        "timeline",
        title=translate("chart_scores" if timeline.scored else "chart_counts", locale),
        end=f"{timeline.end_s:.3f}",
        end_short=f"{timeline.end_s:.1f}",
        times=",".join(f"{second:.3f}" for second in timeline.times.tolist()),
        width=_WIDTH,
        height=_HEIGHT,
        levels=[
            _Level(_y(value, top), f"{100 * value / top:.1f}", _level_text(value, timeline.scored))
            for value in _levels(top, timeline.scored)
        ],
        curves=[
            _Curve(
                names[curve.label] if names else curve.label,
                hex_color(curve.class_id),
                _path(curve, timeline, top),
                _values(curve, timeline.scored),
            )
            for curve in timeline.series
        ],
        ticks=_ticks(timeline.end_s),
        others=timeline.omitted,
        locale=locale,
    )


def clock(seconds: float) -> str:
    """A moment as `1:05`; where it is not a whole second `0:00.5`."""
    minutes, rest = divmod(round(seconds, 1), 60)
    whole = rest == int(rest)
    return f"{minutes:.0f}:{rest:02.0f}" if whole else f"{minutes:.0f}:{rest:04.1f}"


def _path(curve: ClassSeries, timeline: TimelineSnapshot, top: float) -> str:
    """A step line, since the result of one frame is shown until the next."""
    path: list[str] = []
    previous = -1.0
    for second, value in zip(timeline.times.tolist(), curve.values.tolist(), strict=True):
        if value == previous:
            continue
        x, y = f"{_WIDTH * second / timeline.end_s:.1f}", _y(value, top)
        path.append(f"H{x}V{y}" if path else f"M{x} {y}")
        previous = value
    return f"{''.join(path)}H{_WIDTH}"


def _values(curve: ClassSeries, scored: bool) -> list[str]:
    values = curve.values.tolist()
    return [f"{round(100 * v)} %" for v in values] if scored else [f"{round(v)}" for v in values]


def _ticks(end: float) -> list[_Tick]:
    step = next((s for s in _TICK_STEPS_S if end / s <= _MAX_TICKS), _TICK_STEPS_S[-1])
    moments = (i * step for i in range(int(end / step) + 1))
    return [
        _Tick(f"{100 * moment / end:.2f}", clock(moment))
        for moment in moments
        if moment <= _MAX_TICK_SHARE * end
    ]


def _levels(top: float, scored: bool) -> list[float]:
    """Values with a grid line: none, half and all of a probability; at most five round counts."""
    if scored:
        return [0.0, top / 2, top]
    step = next(s for s in _COUNT_STEPS if top < 5 * s)
    return [float(level) for level in range(0, int(top) + 1, step)]


def _top(timeline: TimelineSnapshot) -> float:
    """The value at the top edge, a little above the highest count so that its line is visible."""
    highest = max(float(curve.values.max()) for curve in timeline.series)
    if timeline.scored:
        return next((top for top in _SCORE_TOPS if highest <= top), 1.0)
    return max(highest * 1.05, 1.05)


def _y(value: float, top: float) -> str:
    return f"{_HEIGHT * (1 - value / top):.1f}"


def _level_text(value: float, scored: bool) -> str:
    return f"{100 * value:.3g} %" if scored else f"{value:.0f}"
