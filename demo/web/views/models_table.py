"""The catalog of models as an HTML table."""

from collections.abc import Iterable
from typing import NamedTuple

from demo import tasks
from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.models.spec import format_score
from demo.web.views.answer import megabytes, note
from demo.web.views.templates import render

_COLUMNS = ("name", "task", "present", "bytes", "params", "scores", "licence")


class _Row(NamedTuple):
    """The cells of one model; origin: the string key of where its weights are from, or empty."""

    name: str
    task: str
    origin: str
    size: str
    params: str
    scores: list[tuple[str, str]]
    licence: str


def models_table(models: Iterable[ModelRow], locale: str) -> str:
    """A row a model: available ones first, the others with the command that downloads them."""
    rows = [_row(model, locale) for model in sorted(models, key=lambda m: not m["available"])]
    if not rows:
        return note(translate("models_none", locale))
    return render("models_table", columns=_COLUMNS, rows=rows, locale=locale)


def _row(model: ModelRow, locale: str) -> _Row:
    origin = "models_embedded" if model["embedded"] else "models_here"
    scores = (("measured", model["measured"]), ("published", model["published"]))
    return _Row(
        model["name"],
        translate(tasks.find(model["task"]).title, locale),
        origin if model["available"] else "",
        megabytes(model["size_bytes"]),
        f"{model['params'] / 1e6:.1f} M" if model["params"] else "",
        [(kind, format_score(score)) for kind, score in scores if score],
        model["licence"],
    )
