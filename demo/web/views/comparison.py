"""What comparisons of all tasks share, as HTML: the answers side by side, and their numbers."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from demo.compare.comparison import Comparison, Entry
from demo.compare.labels import ClassSets, label_key
from demo.compare.measure import MIN_PASSES
from demo.i18n import translate
from demo.labels.names import localized
from demo.models.score import score_title, score_value
from demo.models.spec import ModelSpec
from demo.web.views import comparisons
from demo.web.views.accuracy_plot import accuracy_plot
from demo.web.views.answer import empty, note
from demo.web.views.device import device_text
from demo.web.views.templates import render

_COLUMNS = ("model", "params", "gflops", "latency")


class _Card(NamedTuple):
    """One model's answer; kind: answered, failed or waiting."""

    name: str
    kind: str
    body: str
    forward_ms: str


class _Numbers(NamedTuple):
    """The numbers of one model as text: `…` until it is measured, `–` where it is not known.

    scores: for each column of scores (measured or published, number) of the model.
    """

    name: str
    params: str
    gflops: str
    latency: str
    spread: str
    scores: list[list[tuple[str, str]]]


def status(comparison: Comparison, waiting: str, locale: str) -> str:
    """How far the comparison is; waiting: what the next answer waits for."""
    if comparison.waiting:
        return note(waiting, "busy")
    if comparison.measuring is not None:
        return note(translate("compare_measuring", locale, name=comparison.measuring), "busy")
    total, answered = len(comparison.entries), len(comparison.results)
    text = translate(
        "compare_done", locale, answered=answered, total=total, device=_device(comparison, locale)
    )
    return note(text, "calm" if answered == total else "warn")


def difference(comparison: Comparison, pair: tuple[str, str], picture: str, locale: str) -> str:
    """Where the answers agree and differ; a sentence where there are fewer than two.

    Args:
        comparison: as far as it is.
        pair: the two models that are shown where the task's view is pairwise.
        picture: address of the difference picture; empty for none.
        locale: one of `demo.i18n.LOCALES`.
    """
    view, results = comparisons.find(comparison.task.name), comparison.results
    if view.pairwise:
        results = {name: results[name] for name in pair if name in results}
    if len(results) < 2 and comparison.waiting:
        return empty("compare_soon")
    if len(results) < 2:
        key = "compare_one_answer" if comparison.results else "compare_no_answer"
        return note(translate(key, locale), "warn")
    specs = [one.spec for one in comparison.entries if one.spec.name in results]
    notes = "".join(note(text) for text in _class_notes(specs, locale))
    return view.difference(results, picture, locale) + notes


def answers(comparison: Comparison, locale: str) -> str:
    """A card a model: its answer, the sentence about its fault, or that it is still to come."""
    cards = [_card(comparison, one, locale) for one in comparison.entries]
    return render("compare_cards", cards=cards, locale=locale)


def _card(comparison: Comparison, one: Entry, locale: str) -> _Card:
    name, fault = one.spec.name, ""
    if one.fault is not None:
        fault = note(translate(one.fault.key, locale, **one.fault.fields), "warn")
    if one.prediction is not None and one.result is not None:
        body = comparisons.find(comparison.task.name).answer(localized(one.result, locale), locale)
        return _Card(name, "answered", body + fault, f"{one.prediction.timing.forward:.0f}")
    if fault:
        return _Card(name, "failed", fault, "")
    return _Card(name, "waiting", note(translate("compare_waiting", locale)), "")


def numbers(comparison: Comparison, locale: str) -> str:
    """Sizes, latencies and scores as a table, and accuracy against latency as a chart."""
    answered = [one for one in comparison.entries if one.result is not None]
    if not answered:
        return ""
    device = _device(comparison, locale)
    scores = (_scores(one.spec, locale) for one in answered)
    titles = list(dict.fromkeys(title for one in scores for title in one))
    return render(
        "compare_numbers",
        columns=_COLUMNS,
        titles=titles,
        rows=[_numbers(one, titles, locale) for one in answered],
        note=translate("compare_numbers_note", locale, low=MIN_PASSES, device=device),
        chart=accuracy_plot(answered, locale) if comparison.done else "",
        locale=locale,
    )


def _numbers(one: Entry, titles: Sequence[str], locale: str) -> _Numbers:
    size, latency = one.size, one.latency
    missing = "–" if size or one.fault else "…"
    scores = _scores(one.spec, locale)
    return _Numbers(
        one.spec.name,
        f"{size.params / 1e6:.2f} M" if size and size.params is not None else missing,
        f"{size.gflops:.2f}" if size and size.gflops is not None else missing,
        f"{latency.p50:.1f}" if latency else "–" if one.fault else "…",
        f"{latency.low:.1f} – {latency.high:.1f}" if latency else "",
        [scores.get(title, []) for title in titles],
    )


def _scores(spec: ModelSpec, locale: str) -> dict[str, list[tuple[str, str]]]:
    """Data set and metric → (measured or published, number) of each score that a model has."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, score in (("measured", spec.measured), ("published", spec.published)):
        if score is not None:
            found.setdefault(score_title(score, locale), []).append((kind, score_value(score)))
    return found


def _device(comparison: Comparison, locale: str) -> str:
    predictions = [one.prediction for one in comparison.entries if one.prediction is not None]
    return device_text(predictions[0].device, locale) if predictions else "–"


def _class_notes(specs: Sequence[ModelSpec], locale: str) -> list[str]:
    """A sentence for each set of classes that differs from the first model's."""

    def classes(spec: ModelSpec) -> list[str]:
        return sorted({label_key(label) for label in spec.labels})

    # One model stands for all that have its classes.
    groups = [next(group) for _, group in groupby(sorted(specs, key=classes), key=classes)]
    first = next(spec for spec in groups if classes(spec) == classes(specs[0]))
    return [
        translate(
            "compare_class_sets",
            locale,
            a=first.name,
            b=other.name,
            count_a=len(first.labels),
            count_b=len(other.labels),
            shared=ClassSets.of(first.labels, other.labels).shared,
        )
        for other in groups
        if other is not first
    ]
