"""A classifier's answer as HTML: probability bars, and whether the picture is of a known class."""

from collections import Counter
from collections.abc import Sequence

from demo.i18n import translate
from demo.models.classifier import CLASS_ANCHORS, LINEAR_PROBE
from demo.models.spec import ModelSpec
from demo.results import Scores
from demo.service.service import Answer
from demo.web.views.answer import note
from demo.web.views.answers.base import AnswerView, Glance
from demo.web.views.answers.detect import listed
from demo.web.views.templates import render

_VARIANTS = {LINEAR_PROBE: "_probe", CLASS_ANCHORS: "_anchors"}
"""Method → end of the keys of its sentences, where they are its own."""


class ClassifyView(AnswerView[Scores]):
    """Bars of the best labels, and a notice about unknown pictures."""

    name = "classify"

    def result(self, result: Scores, answer: Answer, locale: str) -> str:
        """As many bars as the query asks for, and the notice; a doubt stands above them."""
        doubt = headline(result, answer.spec, locale)
        bars = score_bars(result, len(answer.facts["labels"]), locale)
        return doubt + bars + unknown_notice(result, answer.spec, locale)

    def spoken(self, result: Scores, answer: Answer, locale: str) -> str:
        """The best label with its probability, or that the picture is probably of no class."""
        return self.glance(result, locale).spoken

    def glance(self, result: Scores, locale: str) -> Glance:
        """The best label with its probability, or that the picture is probably of no class."""
        if not result.known:
            spoken = translate("unknown_spoken", locale)
            return Glance(translate("several_badge_unknown", locale), spoken, unsure=True)
        ((label, score),) = result.top(1)
        return Glance(f"{label} {100 * score:.0f} %", f"{label} {100 * score:.0f} %")

    def totals(self, results: Sequence[Scores], locale: str) -> str:
        """How many pictures each label is the best of, and how many are of no class."""
        names = Counter(one.top(1)[0][0] for one in results if one.known)
        unknown = sum(not one.known for one in results)
        parts = [listed(names, locale)] if names else []
        if unknown:
            parts.append(translate("several_unknown", locale, count=unknown))
        fields = {"pictures": len(results), "classes": " · ".join(parts)}
        return translate("several_labels", locale, **fields)


def headline(scores: Scores, spec: ModelSpec, locale: str) -> str:
    """That the picture is probably of no known class; empty where there is no sign of it."""
    if scores.known or spec.unknown is None:
        return ""
    key = "unknown_headline_probe" if spec.unknown.method == LINEAR_PROBE else "unknown_headline"
    return render("headline", level=2, text=translate(key, locale))


def score_bars(scores: Scores, top_k: int, locale: str) -> str:
    """The k best labels with their probability; greyed where the picture is of no known class."""
    rows = [(label, f"{100 * score:.1f}") for label, score in scores.top(top_k)]
    return render("score_bars", rows=rows, known=scores.known, locale=locale)


def unknown_notice(scores: Scores, spec: ModelSpec, locale: str) -> str:
    """By which method known and unknown pictures are told apart, and its error rates.

    Where the method stands in for a better one, also the package that this one lacks.
    """
    rule = spec.unknown
    if rule is None:
        return note(translate("unknown_uncalibrated", locale))
    key = "known_sign" if scores.known else "unknown_sign"
    text = translate(
        key + _VARIANTS.get(rule.method, ""),
        locale,
        false_alarm=100 * rule.false_alarm,
        caught=rule.caught,
        foreign=rule.foreign,
    )
    if rule.missing:
        text += " " + translate("unknown_package", locale, package=rule.missing)
    return note(text, "calm" if scores.known else "warn")


VIEW = ClassifyView()
