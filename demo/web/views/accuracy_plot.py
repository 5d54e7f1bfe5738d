"""Accuracy against latency as a chart, of models whose scores can be compared."""

from collections.abc import Sequence

from demo.compare.comparison import Entry
from demo.i18n import translate
from demo.models.score import score_title
from demo.web.views.answer import note
from demo.web.views.scatter_plot import Dot, scatter_plot


def accuracy_plot(entries: Sequence[Entry], locale: str) -> str:
    """The chart, and which models are not in it; a sentence where fewer than two can be drawn.

    Scores are comparable if they are of one metric and one data set; the largest such group is
    drawn, of two equal ones the first. A measured score counts before a published one.
    """
    title, chosen = _comparable(entries, locale)
    if len(chosen) < 2:
        return note(translate("compare_plot_none", locale))
    names = {dot.name for dot in chosen}
    return scatter_plot(
        chosen,
        translate("compare_plot_title", locale, score=title),
        translate("compare_plot_latency", locale),
        locale,
        left_out=translate("list_comma", locale).join(
            one.spec.name for one in entries if one.spec.name not in names
        ),
    )


def _comparable(entries: Sequence[Entry], locale: str) -> tuple[str, list[Dot]]:
    """The title of the largest group of comparable scores; its latencies, ms, and scores, %."""
    groups: dict[str, dict[str, Dot]] = {}
    for one in entries:
        if one.latency is None:
            continue
        for score in (one.spec.measured, one.spec.published):
            if score is not None and "unit" not in score:
                dot = Dot(one.spec.name, one.latency.p50, score["value"])
                groups.setdefault(score_title(score, locale), {}).setdefault(one.spec.name, dot)
    title, dots = max(groups.items(), key=lambda group: len(group[1]), default=("", {}))
    return title, list(dots.values())
