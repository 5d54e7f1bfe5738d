"""The curves of a film as a chart that moves the player: plain SVG, `chart.html` does the rest."""

from html import escape

from demo.drawing.palette import hex_color
from demo.i18n import translate
from demo.tracking.class_timeline import ClassSeries, TimelineSnapshot

_WIDTH, _HEIGHT = 1000, 100
"""Units of the drawing; it is stretched to the place that there is, its lines are not."""
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MOST_TICKS = 6
_TOPS = (0.1, 0.2, 0.5, 1.0)
_ROUND = tuple(digit * 10**zeros for zeros in range(9) for digit in (1, 2, 5))


def chart(curves: TimelineSnapshot, locale: str) -> str:
    """Lines in the colours of their classes, a legend that tells the values where the player is.

    Nothing for a film in which nothing was seen.
    """
    if not curves.series or curves.end_s <= 0:
        return ""
    top = _top(curves)
    lines = "".join(_line(curve, curves, top) for curve in curves.series)
    levels = _levels(top, curves.scored)
    grid = "".join(f'<path class="grid" d="M0 {_y(v, top)}H{_WIDTH}"/>' for v in levels)
    marks = "".join(
        f'<span class="y" style="bottom:{100 * v / top:.1f}%">{_number(v, curves.scored)}</span>'
        for v in levels
    )
    kind = "chart_scores" if curves.scored else "chart_counts"
    others = translate("chart_others", locale, count=curves.omitted) if curves.omitted else ""
    times = ",".join(f"{second:.3f}" for second in curves.times.tolist())
    return (
        f'<figure class="chart" data-end="{curves.end_s:.3f}" data-times="{times}">'
        f"<figcaption>{escape(translate(kind, locale))} {escape(translate('chart_jump', locale))}</figcaption>"
        f'<div class="plot" role="slider" tabindex="0" aria-label="{escape(translate(kind, locale))}"'
        f' aria-valuemin="0" aria-valuemax="{curves.end_s:.1f}" aria-valuenow="0"'
        f' aria-valuetext="0:00"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true">{grid}{lines}</svg>{marks}{_seconds(curves.end_s)}<i></i></div>'
        f'<div class="chips">{"".join(_chip(c, curves.scored) for c in curves.series)}'
        f"<small>{escape(others)}</small></div></figure>"
    )


def clock(seconds: float) -> str:
    """A moment for people, `1:05`, below a second's steps `0:00.5`."""
    minutes, rest = divmod(round(seconds, 1), 60)
    whole = rest == int(rest)
    return f"{minutes:.0f}:{rest:02.0f}" if whole else f"{minutes:.0f}:{rest:04.1f}"


def _line(curve: ClassSeries, curves: TimelineSnapshot, top: float) -> str:
    """Steps, since what was seen in a frame is shown until the next."""
    path: list[str] = []
    before = -1.0
    for second, value in zip(curves.times.tolist(), curve.values.tolist(), strict=True):
        if value == before:
            continue
        x, y = f"{_WIDTH * second / curves.end_s:.1f}", _y(value, top)
        path.append(f"H{x}V{y}" if path else f"M{x} {y}")
        before = value
    colour = hex_color(curve.class_id)
    return f'<path d="{"".join(path)}H{_WIDTH}" stroke="{colour}"/>'


def _chip(curve: ClassSeries, scored: bool) -> str:
    digits = (round(100 * v) if scored else round(v) for v in curve.values.tolist())
    values = ",".join(f"{value} %" if scored else f"{value}" for value in digits)
    return (
        f'<span><i style="background:{hex_color(curve.class_id)}"></i>{escape(curve.label)} '
        f'<b data-values="{values}">{values.split(",")[0]}</b></span>'
    )


def _seconds(end: float) -> str:
    step = next((s for s in _STEPS_S if end / s <= _MOST_TICKS), _STEPS_S[-1])
    marks = (i * step for i in range(int(end / step) + 1))
    # The last one would reach out of the chart.
    return "".join(
        f'<span class="x" style="left:{100 * mark / end:.2f}%">{clock(mark)}</span>'
        for mark in marks
        if mark <= 0.96 * end
    )


def _levels(top: float, scored: bool) -> list[float]:
    """Where a line goes across: none, half and all of a probability, at most five round counts."""
    if scored:
        return [0.0, top / 2, top]
    step = next(s for s in _ROUND if top < 5 * s)
    return [float(level) for level in range(0, int(top) + 1, step)]


def _top(curves: TimelineSnapshot) -> float:
    """The highest level, a little above the highest count so that its line is seen."""
    highest = max(float(curve.values.max()) for curve in curves.series)
    if curves.scored:
        return next((top for top in _TOPS if highest <= top), 1.0)
    return max(highest * 1.05, 1.05)


def _y(value: float, top: float) -> str:
    return f"{_HEIGHT * (1 - value / top):.1f}"


def _number(value: float, scored: bool) -> str:
    return f"{100 * value:.3g} %" if scored else f"{value:.0f}"
