"""A comparison of classifiers as HTML: a table of the best labels, a column a model."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.compare.differences.classify import TOP_K, label_rows, same_top
from demo.i18n import translate
from demo.labels.names import display_table
from demo.results import Scores
from demo.web.views.answer import note
from demo.web.views.answers.classify import score_bars
from demo.web.views.comparisons.base import ComparisonView
from demo.web.views.templates import render


class _Cell(NamedTuple):
    """percent: as text, `–` where the model has no such class. share: 0–100. best: its first."""

    percent: str
    share: int
    best: bool


class ClassifyComparison(ComparisonView[Scores]):
    """Whether the models agree, and the probability that each gives to each label."""

    name = "classify"

    def difference(self, results: Mapping[str, Scores], picture: str, locale: str) -> str:
        """The sentence and the table."""
        rows = label_rows(results)
        names = _names(results, locale)
        if same_top(rows, len(results)):
            best = names[rows[0].label]
            text = translate("compare_same_top", locale, count=len(results), label=best)
        else:
            text = translate("compare_other_top", locale)
        cells = [
            (names[row.label], [_cell(row.scores[model], model in row.top_of) for model in results])
            for row in rows
        ]
        table = render(
            "compare_scores",
            models=list(results),
            rows=cells,
            caption="compare_scores_caption",
            locale=locale,
        )
        return note(text) + table

    def answer(self, result: Scores, locale: str) -> str:
        """Bars of the five best labels, and whether the picture is probably of no known class."""
        bars = score_bars(result, TOP_K, locale)
        if result.known:
            return bars
        return render("headline", level=3, text=translate("compare_unknown", locale)) + bars


def _names(results: Mapping[str, Scores], locale: str) -> Mapping[str, str]:
    """Label → name for people, of the first model that has the label."""
    names: dict[str, str] = {}
    for one in results.values():
        names = {**display_table(one.labels, locale), **names}
    return names


def _cell(score: float | None, best: bool) -> _Cell:
    if score is None:
        return _Cell("–", 0, False)
    return _Cell(f"{100 * score:.1f}", round(100 * score), best)


VIEW = ClassifyComparison()
