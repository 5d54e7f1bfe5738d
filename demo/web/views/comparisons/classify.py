"""A comparison of classifiers as HTML: a table of the best labels, a column a model."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from demo.compare.differences.classify import TOP_K, label_rows, same_top
from demo.i18n import translate
from demo.labels.names import display_table
from demo.results import Scores
from demo.web.views.answer import note
from demo.web.views.answers.classify import score_bars
from demo.web.views.comparisons.base import ComparisonView
from demo.web.views.templates import render


class _Head(NamedTuple):
    """model: its name. known: whether it takes the picture for one of its classes."""

    model: str
    known: bool


class _Cell(NamedTuple):
    """percent: as text, `–` where the model has no such class. share: 0–100. best: its first."""

    percent: str
    share: int
    best: bool
    known: bool


class ClassifyComparison(ComparisonView[Scores]):
    """Whether the models agree, and the probability that each gives to each label."""

    name = "classify"

    def difference(self, results: Mapping[str, Scores], picture: str, locale: str) -> str:
        """The sentences and the table."""
        rows = label_rows(results)
        names = _names(results, locale)
        heads = [_Head(model, one.known) for model, one in results.items()]
        cells = [
            (names[row.label], [_cell(row.scores[one.model], one, row.top_of) for one in heads])
            for row in rows
        ]
        table = render(
            "compare_scores",
            models=heads,
            rows=cells,
            caption="compare_scores_caption",
            locale=locale,
        )
        return "".join(map(note, _sentences(results, locale))) + table

    def answer(self, result: Scores, locale: str) -> str:
        """Bars of the five best labels, and whether the picture is probably of no known class."""
        bars = score_bars(result, TOP_K, locale)
        if result.known:
            return bars
        return render("headline", level=3, text=translate("compare_unknown", locale)) + bars


def _sentences(results: Mapping[str, Scores], locale: str) -> list[str]:
    """Who doubts, and whether the others agree."""
    doubting = [model for model, one in results.items() if not one.known]
    sure = {model: one for model, one in results.items() if one.known}
    sentences = []
    if doubting:
        sentences.append(translate("compare_doubt", locale, names=", ".join(doubting)))
    if len(sure) > 1:
        rows = label_rows(sure)
        if same_top(rows, len(sure)):
            label = _names(sure, locale)[rows[0].label]
            sentences.append(translate("compare_same_top", locale, count=len(sure), label=label))
        else:
            sentences.append(translate("compare_other_top", locale))
    return sentences


def _names(results: Mapping[str, Scores], locale: str) -> Mapping[str, str]:
    """Label → name for people, of the first model that has the label."""
    names: dict[str, str] = {}
    for one in results.values():
        names = {**display_table(one.labels, locale), **names}
    return names


def _cell(score: float | None, head: _Head, top_of: Sequence[str]) -> _Cell:
    if score is None:
        return _Cell("–", 0, False, head.known)
    best = head.known and head.model in top_of
    return _Cell(f"{100 * score:.1f}", round(100 * score), best, head.known)


VIEW = ClassifyComparison()
