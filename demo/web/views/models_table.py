"""The catalog of models as an HTML table."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from demo import tasks
from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.inference.own_models import RefusedFile
from demo.models.score import format_score
from demo.web.views.answer import megabytes, note
from demo.web.views.templates import render

_COLUMNS = ("name", "task", "present", "bytes", "params", "scores", "licence")


class _Row(NamedTuple):
    """The cells of one model.

    origin: the string key of where its weights are from, or empty; command: what brings them.
    """

    name: str
    task: str
    origin: str
    command: str
    size: str
    params: str
    scores: list[tuple[str, str]]
    licence: str


def models_table(models: Iterable[ModelRow], refused: Sequence[RefusedFile], locale: str) -> str:
    """A row a model: available ones first, the others with the command that brings them.

    refused: the owner's files that are no models, listed with the reasons.
    """
    reasons = [translate(one.reason.key, locale, **one.reason.fields) for one in refused]
    rows = [_row(model, locale) for model in sorted(models, key=lambda m: not m["available"])]
    if not rows and not reasons:
        return note(translate("models_none", locale))
    return render("models_table", columns=_COLUMNS, rows=rows, reasons=reasons, locale=locale)


def _row(model: ModelRow, locale: str) -> _Row:
    origin = "models_embedded" if model["embedded"] else "models_here"
    origin = "models_packaged" if model["packaged"] else origin
    origin = "model_own" if model["own"] else origin
    scores = (("measured", model["measured"]), ("published", model["published"]))
    return _Row(
        model["name"],
        translate(tasks.find(model["task"]).title, locale),
        origin if model["available"] else "",
        model["command"],
        megabytes(model["size_bytes"]),
        f"{model['params'] / 1e6:.1f} M" if model["params"] else "",
        [(kind, format_score(score)) for kind, score in scores if score],
        model["licence"],
    )
