"""What lighter precisions of a model cost, as HTML: a table, and the pictures that changed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from demo.compare.differences.base import Said
from demo.compare.measure import MIN_PASSES
from demo.compression.report import ChangedPicture, Report, Row, sentence
from demo.i18n import translate
from demo.labels.names import display_table
from demo.web.views.answer import file_address, megabytes, note
from demo.web.views.templates import render


class _Line(NamedTuple):
    """One precision as text: `…` until it is known, `–` where it will not be."""

    precision: str
    backend: str
    size: str
    latency: str
    spread: str
    score: str
    interval: str
    changed: str


class _Figure(NamedTuple):
    """A changed picture; before, after: (label, score, whether it is known) each."""

    name: str
    picture: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


class _Strip(NamedTuple):
    """The changed pictures of one precision."""

    precision: str
    title: str
    figures: list[_Figure]


def status(report: Report, locale: str) -> str:
    """How far the comparison is."""
    row = next((one for one in report.rows if one.precision == report.working), None)
    if row is not None and not row.answered:
        text = translate("compression_preparing", locale, precision=row.precision)
        return note(text, "busy")
    if row is not None:
        counts = {"done": row.answered, "total": report.total}
        text = translate("compression_running", locale, precision=row.precision, **counts)
        return note(text, "busy")
    answered = [one for one in report.rows if one.fault is None]
    counts = {"answered": len(answered), "total": len(report.rows), "pictures": report.total}
    kind = "calm" if len(answered) == len(report.rows) else "warn"
    return note(translate("compression_done", locale, **counts), kind)


def result(report: Report, locale: str) -> str:
    """The table, what is to be known about it, and the pictures whose answer changed."""
    labelled = any(row.score is not None for row in report.rows)
    faults = ((row.precision, row.fault) for row in report.rows if row.fault is not None)
    notes = [f"{name}: {sentence(fault, locale)}" for name, fault in faults]
    notes += [sentence(one, locale) for one in report.notes]
    notes += [f"{one.name}: {sentence(one.error, locale)}" for one in report.left]
    return render(
        "compression",
        lines=[_line(report, row, locale) for row in report.rows],
        labelled=labelled,
        reference=report.reference,
        note=translate("compression_note", locale, low=MIN_PASSES, reference=report.reference),
        notes="".join(map(note, notes)),
        strips=[strip for row in report.rows if (strip := _strip(report, row, locale))],
        locale=locale,
    )


def _line(report: Report, row: Row, locale: str) -> _Line:
    missing = "–" if row.done else "…"
    latency, score = row.latency, row.score
    sign = " %" if score and score.metric == "accuracy" else ""
    return _Line(
        row.precision,
        row.backend,
        megabytes(row.size_bytes) if row.size_bytes is not None else missing,
        f"{latency.p50:.1f}" if latency else missing,
        f"{latency.low:.1f} – {latency.high:.1f}" if latency else "",
        f"{score.metric} {100 * score.value:.1f}{sign}" if score else missing,
        f"{100 * score.low:.1f} – {100 * score.high:.1f}" if score else "",
        _changed(report, row, locale),
    )


def _changed(report: Report, row: Row, locale: str) -> str:
    if row.fault is not None:
        return "–"
    if row.precision == report.reference:
        return translate("compression_reference", locale)
    counts = {"changed": len(row.changed), "total": row.compared}
    return translate("compression_changed_count", locale, **counts) if row.answered else "…"


def _strip(report: Report, row: Row, locale: str) -> _Strip | None:
    if not row.changed:
        return None
    names = display_table(report.spec.labels, locale)
    fields = {"reference": report.reference, "precision": row.precision, "count": len(row.changed)}
    title = translate("compression_changed_title", locale, **fields)
    return _Strip(row.precision, title, [_figure(one, names, locale) for one in row.changed])


def _figure(one: ChangedPicture, names: Mapping[str, str], locale: str) -> _Figure:
    return _Figure(
        one.name.rpartition("/")[2],
        file_address(one.shown) if one.shown else "",
        _said(one.change.before, names, locale),
        _said(one.change.after, names, locale),
    )


def _said(said: Sequence[Said], names: Mapping[str, str], locale: str) -> list[tuple[str, str]]:
    """Label and score of each, the label with the remark where the picture is of no class."""
    unknown = translate("compare_unknown", locale)
    return [
        (
            names.get(one.label, one.label) + ("" if one.known else f" ({unknown})"),
            f"{100 * one.score:.0f} %",
        )
        for one in said
    ]
