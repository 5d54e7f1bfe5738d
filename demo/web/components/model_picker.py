"""The model picker: a drop-down list of what can answer here, which follows files on the disk."""

from collections.abc import Callable, Sequence

import gradio as gr
from gradio.blocks import Block

from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.models.score import format_score
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import megabytes

Choices = list[tuple[str, str]]
"""(text in the list, name of the model) each."""


def model_picker(context: Context, *tasks: str, name: str = "") -> gr.Dropdown:
    """The models of the tasks that can answer here, with score and size.

    `more_models` shows what else there is. It opens on the best model of the first task that has
    one; `refresh_pickers` keeps its choices up to date.

    Args:
        context: gives the catalog and the page.
        tasks: names of tasks, in the order of their models.
        name: the prefix of the element's id; the first task by default.
    """
    service = context.service
    best = next((task for task in tasks if service.names(task)), None)
    picker = gr.Dropdown(
        model_choices(service.engine.models(), tasks),
        value=service.engine.default(best) if best else None,
        label=context.t("model"),
        elem_id=f"{name or tasks[0]}-model",
        filterable=True,
        min_width=280,
    )
    context.pickers[picker] = tasks
    return picker


def models_picker(
    context: Context, task: str, chosen: Sequence[str], most: int, *, name: str
) -> gr.Dropdown:
    """Several models of a task, at most `most` at once; kept up to date as `model_picker` is.

    Args:
        context: gives the catalog and the page.
        task: name of the task.
        chosen: names of the models that it opens on.
        most: how many may be chosen.
        name: the prefix of the element's id.
    """
    picker = gr.Dropdown(
        model_choices(context.service.engine.models(), (task,)),
        value=list(chosen),
        multiselect=True,
        max_choices=most,
        label=context.t("compare_models"),
        elem_id=f"{name}-{task}-models",
        min_width=320,
    )
    context.pickers[picker] = (task,)
    return picker


def refresh_pickers(context: Context) -> None:
    """Bring the choices of the pickers up to date when the page loads and when one is opened.

    When it loads, also the number of models that can be brought.

    An opened list is only touched where its choices are others than the page shows: an update of
    it drops what the visitor has typed into it meanwhile.
    """

    def load(request: gr.Request) -> list[object]:
        models, locale = context.service.engine.models(), request_locale(request)
        all_fresh = [model_choices(models, tasks, locale) for tasks in context.pickers.values()]
        # Choices only: setting the value as well would count as a change and trigger an answer.
        updates = [gr.Dropdown(choices=choices) for choices in all_fresh]
        more = [missing_count(models, tasks, locale) for tasks in context.more_models.values()]
        return [*updates, *all_fresh, *more]

    def reopen(picker: gr.Dropdown, shown: gr.State) -> None:
        def refresh(known: Choices, request: gr.Request) -> tuple[object, object]:
            models = context.service.engine.models()
            choices = model_choices(models, context.pickers[picker], request_locale(request))
            if choices == known:
                return gr.skip(), gr.skip()
            return gr.Dropdown(choices=choices), choices

        _quietly(picker.focus, refresh, [shown], [picker, shown])

    shown = [gr.State([]) for _ in context.pickers]
    _quietly(context.page.load, load, [], [*context.pickers, *shown, *context.more_models])
    for picker, state in zip(context.pickers, shown, strict=True):
        reopen(picker, state)


def _quietly(
    event: Callable[..., object],
    function: Callable[..., object],
    inputs: list[gr.State],
    outputs: Sequence[Block],
) -> None:
    event(
        function,
        inputs,
        list(outputs),
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def missing_count(models: list[ModelRow], tasks: Sequence[str], locale: str) -> gr.Accordion:
    """The entry of what can be brought, with its number; hidden where there is nothing to bring."""
    count = sum(row["task"] in tasks and not row["available"] for row in models)
    return gr.Accordion(
        label=translate("models_more_count", locale, count=count), visible=count > 0
    )


def default_model(context: Context, task: str) -> str:
    """The name of the model that the page opens on; empty where none of the task is available."""
    return context.service.engine.default(task) if context.service.names(task) else ""


def model_choices(models: list[ModelRow], tasks: tuple[str, ...], locale: str = "en") -> Choices:
    """The models that can answer here, by task, then by family."""
    rows = [row for task in tasks for row in models if row["task"] == task and row["available"]]
    return [(" · ".join(filter(None, _facts(row, locale))), row["name"]) for row in rows]


def _facts(row: ModelRow, locale: str) -> list[str]:
    own = translate("model_own", locale) if row["own"] else ""
    size = megabytes(row["size_bytes"]) if row["size_bytes"] else ""
    score = row["measured"] or row["published"]
    return [row["name"], own, format_score(score, locale) if score else "", size]
