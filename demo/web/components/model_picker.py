"""The model picker: a drop-down list of the catalog that follows files as they come and go."""

from collections.abc import Callable, Sequence

import gradio as gr

from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import megabytes

Choices = list[tuple[str, str]]
"""(text in the list, name of the model) each."""


def model_picker(context: Context, *tasks: str, name: str = "") -> gr.Dropdown:
    """All models of the tasks: available ones first with their size, then the downloadable.

    It opens on the best model of the first task that has one. `refresh_pickers` keeps its choices
    up to date.

    Args:
        context: gives the catalog and the page.
        tasks: names of tasks, in the order of their models.
        name: the prefix of the element's id; the first task by default.
    """
    service = context.service
    best = next((task for task in tasks if service.names(task)), None)
    picker = gr.Dropdown(
        _choices(service.engine.models(), tasks),
        value=service.engine.default(best) if best else None,
        label=context.t("model"),
        elem_id=f"{name or tasks[0]}-model",
        filterable=True,
        min_width=280,
    )
    context.pickers[picker] = tasks
    return picker


def models_picker(
    context: Context, task: str, chosen: Sequence[str], most: int, *, name: str, visible: bool
) -> gr.Dropdown:
    """Several models of a task, at most `most` at once; kept up to date as `model_picker` is.

    Args:
        context: gives the catalog and the page.
        task: name of the task.
        chosen: names of the models that it opens on.
        most: how many may be chosen.
        name: the prefix of the element's id.
        visible: whether the page shows it at first.
    """
    picker = gr.Dropdown(
        _choices(context.service.engine.models(), (task,)),
        value=list(chosen),
        multiselect=True,
        max_choices=most,
        label=context.t("compare_models"),
        elem_id=f"{name}-{task}-models",
        min_width=320,
        visible=visible,
    )
    context.pickers[picker] = (task,)
    return picker


def refresh_pickers(context: Context) -> None:
    """Bring the choices of the pickers up to date when the page loads and when one is opened.

    An opened list is only touched where its choices are others than the page shows: an update of
    it drops what the visitor has typed into it meanwhile.
    """

    def fresh(picker: gr.Dropdown, request: gr.Request) -> Choices:
        models = context.service.engine.models()
        return _choices(models, context.pickers[picker], request_locale(request))

    def load(request: gr.Request) -> list[object]:
        all_fresh = [fresh(picker, request) for picker in context.pickers]
        # Choices only: setting the value as well would count as a change and trigger an answer.
        return [*(gr.Dropdown(choices=choices) for choices in all_fresh), *all_fresh]

    def reopen(picker: gr.Dropdown, shown: gr.State) -> None:
        def refresh(known: Choices, request: gr.Request) -> tuple[object, object]:
            choices = fresh(picker, request)
            if choices == known:
                return gr.skip(), gr.skip()
            return gr.Dropdown(choices=choices), choices

        _quietly(picker.focus, refresh, [shown], [picker, shown])

    shown = [gr.State([]) for _ in context.pickers]
    _quietly(context.page.load, load, [], [*context.pickers, *shown])
    for picker, state in zip(context.pickers, shown, strict=True):
        reopen(picker, state)


def _quietly(
    event: Callable[..., object],
    function: Callable[..., object],
    inputs: list[gr.State],
    outputs: Sequence[gr.Dropdown | gr.State],
) -> None:
    event(
        function,
        inputs,
        list(outputs),
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def default_model(context: Context, task: str) -> str:
    """The name of the model that the page opens on; empty where none of the task is available."""
    return context.service.engine.default(task) if context.service.names(task) else ""


def _choices(models: list[ModelRow], tasks: tuple[str, ...], locale: str = "en") -> Choices:
    rows = [row for task in tasks for row in models if row["task"] == task]
    return [
        (" · ".join(filter(None, _facts(row, locale))), row["name"])
        for row in sorted(rows, key=lambda row: not row["available"])
    ]


def _facts(row: ModelRow, locale: str) -> list[str]:
    own = translate("model_own", locale) if row["own"] else ""
    size = megabytes(row["size_bytes"]) if row["size_bytes"] else ""
    return [row["name"], own, _score(row), size]


def _score(row: ModelRow) -> str:
    score = row["measured"] or row["published"]
    text = f"{score['metric']} {score['value']:.1f}" if score else ""
    return text if row["available"] else f"⤓ {text}"
