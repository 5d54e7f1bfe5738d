"""Compare: several models on one picture, where they agree, and what each costs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import gradio as gr
from gradio.components import Component

from demo.compare.selection import MAX_MODELS, MIN_MODELS, compared_tasks, presets
from demo.i18n import translate
from demo.web.address import Parameter, Reader, TabAddress
from demo.web.addressed import keep_in_address, read_name, read_names, read_number
from demo.web.components.answering import Updates, answer_on_change
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.model_picker import models_picker
from demo.web.components.more_models import more_models
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn
from demo.web.components.picture_input import examples_of_task, follow_task, picture_input
from demo.web.latest import LatestRequests
from demo.web.request import request_locale
from demo.web.tab import Context, Files, Tab
from demo.web.tabs.compare.compression import compression
from demo.web.tabs.compare.endpoint import publish
from demo.web.tabs.compare.run import CLEARED, PAIR_SIGN, Wish, run_comparison, stop_handler
from demo.web.tabs.compare.why import why
from demo.web.views import comparisons
from demo.web.views.answer import note

_PRESETS = ("preset_all", "preset_small", "preset_own")


@dataclass(frozen=True, slots=True)
class _Controls:
    """What the visitor sets; models: one picker a task, each in a column of which one shows."""

    task: gr.Radio
    columns: tuple[gr.Column, ...]
    models: tuple[gr.Dropdown, ...]
    confidence: gr.Slider
    pair: gr.Dropdown
    presets: tuple[gr.Button, ...]
    stop: gr.Button


def build(context: Context) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins."""
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "compare", lists=_examples(context))
            controls = _controls(context)
        with gr.Column(scale=7, min_width=320):
            status = gr.HTML(elem_id="compare-status", padding=False)
            difference = gr.HTML(CLEARED[1], elem_id="compare-difference", padding=False)
    answers = gr.HTML(elem_id="compare-answers", padding=False)
    with gr.Accordion(context.t("compare_numbers_title"), open=True, elem_id="compare-numbers"):
        numbers = gr.HTML(padding=False)
    _keep_in_address(context, controls)
    sections = [
        why(context, picture, controls.task, controls.models),
        compression(context, picture),
    ]
    _connect(context, picture, controls, [status, difference, answers, numbers])
    for connect in sections:
        connect()
    follow_task(context, picture, controls.task)
    publish(context)


def _examples(context: Context) -> list[Files]:
    """The examples of the tasks, those of the task that the tab opens on first."""
    names = [_first_task(context), *(task.name for task in compared_tasks())]
    return list(dict.fromkeys(examples_of_task(context, name) for name in names))


def _first_task(context: Context) -> str:
    """The first task of which there are models to compare."""
    names = [task.name for task in compared_tasks()]
    rows = context.service.engine.models()
    return next((name for name in names if presets(rows, name)), names[0])


def _controls(context: Context) -> _Controls:
    t = context.t
    names = [task.name for task in compared_tasks()]
    rows = context.service.engine.models()
    lists = {name: presets(rows, name) for name in names}
    first = _first_task(context)
    task = gr.Radio(
        [(t(task.title), task.name) for task in compared_tasks()],
        value=first,
        label=t("compare_task"),
        elem_id="compare-task",
    )
    columns, pickers = [], []
    for name in names:
        with gr.Column(visible=name == first) as column:
            chosen = lists[name].get("preset_all", [])[:2]
            picker = models_picker(context, name, chosen, MAX_MODELS, name="compare")
            more_models(context, picker, f"compare-{name}")
        columns.append(column)
        pickers.append(picker)
    with gr.Row(elem_id="compare-presets"):
        buttons = tuple(
            gr.Button(t(key), size="sm", min_width=90, visible=key in lists[first])
            for key in _PRESETS
        )
        stop = gr.Button(t("compare_stop"), size="sm", min_width=70, elem_id="compare-stop")
    pairwise = comparisons.find(first).pairwise
    with gr.Row():
        confidence = Slider(
            0,
            0.95,
            0,
            step=0.01,
            label=t("compare_confidence"),
            info=t("compare_confidence_info"),
            visible=pairwise,
            elem_id="compare-confidence",
        )
        pair = FollowingDropdown([], label=t("compare_pair"), visible=False, elem_id="compare-pair")
    return _Controls(task, tuple(columns), tuple(pickers), confidence, pair, buttons, stop)


def _keep_in_address(context: Context, controls: _Controls) -> None:
    """Task, its models, and confidence; the models of another task stand in no address."""
    c, names = controls, [task.name for task in compared_tasks()]
    parameters = [
        Parameter("task", c.task, read_name("task", names), always=True),
        Parameter("confidence", c.confidence, read_number("confidence", c.confidence)),
    ]
    for name, picker in zip(names, c.models, strict=True):
        read = _models_reader(context, name)
        parameters.append(Parameter("models", picker, read, only=("task", name), always=True))
    keep_in_address(context, "compare", TabAddress(parameters))


def _models_reader(context: Context, task: str) -> Reader:
    def known(_: Mapping[str, object]) -> list[str]:
        return [row["name"] for row in context.service.engine.models() if row["task"] == task]

    return read_names("models", known)


def _connect(
    context: Context, picture: PictureIn, controls: _Controls, outputs: Sequence[Component]
) -> None:
    c, latest = controls, LatestRequests()
    answer_on_change(
        [
            picture.change,
            c.task.input,
            c.confidence.change,
            c.pair.input,
            *(picker.change for picker in c.models),
        ],
        _answer_handler(context, latest),
        [picture, c.task, c.confidence, c.pair, *c.models],
        outputs,
        drops_older=True,
    )
    fitted = [*c.columns, c.confidence, c.pair, *c.presets]
    fit = _fit_handler(context)
    gr.on(
        [context.page.load, c.task.change, *(picker.change for picker in c.models)],
        fit,
        [c.task, c.pair, *c.models],
        fitted,
        trigger_mode="always_last",  # an older choice must not set the controls after a newer one
        api_visibility="private",
        show_progress="hidden",
    )
    for key, button in zip(_PRESETS, c.presets, strict=True):
        button.click(
            _preset_handler(context, key),
            c.task,
            list(c.models),
            api_visibility="private",
            show_progress="hidden",
        )
    c.stop.click(stop_handler(latest), None, None, show_progress="hidden", api_visibility="private")


def _answer_handler(context: Context, latest: LatestRequests) -> Callable[..., Iterator[Updates]]:
    names = [task.name for task in compared_tasks()]

    def answer(
        request: gr.Request,
        path: str | None,
        task: str,
        confidence: float,
        pair: object,
        *chosen: list[str] | None,
    ) -> Iterator[Updates]:
        models = (chosen[names.index(task)] if task in names else None) or []
        if path is None:
            latest.begin(str(request.session_hash))
            yield CLEARED
            return
        here = context.service.names(task) if task in names else []
        if not models and len(here) < MIN_MODELS:
            text = translate("compare_few_here", request_locale(request), names=", ".join(here))
            yield note(text), *CLEARED[1:]
            return
        yield from run_comparison(context, latest, Wish(path, models, confidence, pair), request)

    return answer


def _fit_handler(context: Context) -> Callable[..., list[object]]:
    """The handler that fits the controls to the task and the chosen models."""
    names = [task.name for task in compared_tasks()]

    def fit(task: str, pair: object, *chosen: list[str] | None) -> list[object]:
        if task not in names:
            return [gr.skip() for _ in range(len(names) + 2 + len(_PRESETS))]
        models = chosen[names.index(task)] or []
        pairs = [PAIR_SIGN.join(two) for two in combinations(models, 2)]
        pairwise = comparisons.find(task).pairwise
        lists = presets(context.service.engine.models(), task)
        return [
            *(gr.Column(visible=name == task) for name in names),
            gr.Slider(visible=pairwise),
            gr.Dropdown(
                choices=pairs,
                value=pair if pair in pairs else next(iter(pairs), None),
                visible=pairwise and len(models) > 2,
            ),
            *(gr.Button(visible=key in lists) for key in _PRESETS),
        ]

    return fit


def _preset_handler(context: Context, key: str) -> Callable[[str], list[object]]:
    names = [task.name for task in compared_tasks()]

    def choose(task: str) -> list[object]:
        chosen = presets(context.service.engine.models(), task).get(key)
        return [
            gr.Dropdown(value=list(chosen)) if chosen and name == task else gr.skip()
            for name in names
        ]

    return choose


TAB = Tab("compare", 27, "tab_compare", build)
