"""The networks of the history as HTML: a table by year, and accuracy against operations."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.models.history import HISTORY, Milestone
from demo.web.views.answer import megabytes
from demo.web.views.citation import citation
from demo.web.views.models_table import model_state
from demo.web.views.scatter_plot import Dot, scatter_plot
from demo.web.views.templates import render

_COLUMNS = ("year", "network", "idea", "params", "gflops", "accuracy", "here")
_NUMBERS = ("params", "gflops", "accuracy")
_IMAGENET_CLASSES = 1000


class _Row(NamedTuple):
    """One network; model: its name in the catalog, whether it is here, why it cannot be brought."""

    year: int
    title: str
    paper: str
    name: str
    available: bool
    state: str
    size: str
    idea: str
    params: str
    gflops: str
    accuracy: str


def families(models: Iterable[ModelRow], locale: str) -> str:
    """The table, the chart, and how many other classifiers there are.

    models: the catalog.
    """
    known = {row["name"]: row for row in models}
    field = [row for row in known.values() if row["classes"] == _IMAGENET_CLASSES]
    here = sum(row["available"] for row in field)
    return render(
        "families",
        intro=translate("families_intro", locale),
        columns=_COLUMNS,
        numbers=_NUMBERS,
        rows=[_row(one, known, locale) for one in HISTORY],
        chart=_chart(known, locale),
        more=translate("families_more", locale, count=len(field), here=here),
        locale=locale,
    )


def _row(one: Milestone, known: Mapping[str, ModelRow], locale: str) -> _Row:
    model = known[one.model]
    score, params = model["published"], model["params"]
    return _Row(
        one.year,
        one.title,
        citation(one.paper, locale),
        one.model,
        model["available"],
        translate("families_ready", locale) if model["available"] else model_state(model, locale),
        megabytes(model["size_bytes"]),
        translate(one.idea, locale),
        f"{params / 1e6:.1f} M" if params else "–",
        f"{one.gflops:.1f}",
        f"{score['value']:.1f} %" if score else "–",
    )


def _chart(known: Mapping[str, ModelRow], locale: str) -> str:
    scores = [(one, known[one.model]["published"]) for one in HISTORY]
    return scatter_plot(
        [Dot(one.title, one.gflops, score["value"]) for one, score in scores if score],
        translate("families_plot_title", locale),
        translate("families_plot_x", locale),
        locale,
        left_out=translate("list_comma", locale).join(
            one.title for one, score in scores if not score
        ),
        logarithmic=True,
    )
