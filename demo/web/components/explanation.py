"""The section "Why?" under an answer: nothing is computed before it is opened."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from demo.errors import DemoError
from demo.explain import methods
from demo.explain.explanation import CHECK_PASSES
from demo.explain.passes import Count
from demo.i18n import translate
from demo.service.explanations import Explained, Explanations
from demo.service.service import Answer
from demo.web.components.answering import (
    Updates,
    answer_on_change,
    error_note,
    progress_then_result,
    value,
)
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import empty, note
from demo.web.views.explanation import explanation
from demo.web.views.templates import render

_POLL_S = 0.4


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer that the section is under.

    task: name of its task. picture, model: its components. options: components whose values are,
    in this order, those of `values` behind the model. boxes: it explains one of several boxes.
    """

    task: str
    picture: Component
    model: Component
    options: Sequence[Component]
    values: Callable[..., Mapping[str, object]]
    triggers: Sequence[Callable[..., Dependency]]
    boxes: bool = False


def why(context: Context, asked: Asked) -> None:
    """Lay the section out and connect it; while open it follows the picture and the controls."""
    opened = gr.State(False)
    with gr.Accordion(
        context.t("explain_title"),
        open=False,
        elem_id=f"{asked.task}-why",
        elem_classes="picture-only",
    ) as section:
        with gr.Row(elem_classes="controls"):
            method, box, other = _controls(context, asked)
        gr.HTML(render("opacity"), padding=False)
        shown = gr.HTML(empty("explain_empty"), elem_id=f"{asked.task}-why-maps", padding=False)
    section.expand(lambda: True, None, opened, api_visibility="private")
    section.collapse(lambda: False, None, opened, api_visibility="private")
    answer_on_change(
        [opened.change, method.input, box.input, other.input, *asked.triggers],
        _handler(Explanations(context.service), context, asked),
        [opened, asked.picture, asked.model, method, box, other, *asked.options],
        [shown, box, other],
    )


def _controls(context: Context, asked: Asked) -> tuple[gr.Dropdown, gr.Dropdown, gr.Dropdown]:
    """Method, box and second class; the lists of the latter two come with an answer."""
    t, name = context.t, f"{asked.task}-why"
    known = [(one.title, one.name) for one in methods.all_methods()]
    return (
        gr.Dropdown(known, value=known[0][1], label=t("explain_method"), elem_id=f"{name}-method"),
        gr.Dropdown([], label=t("explain_box"), visible=asked.boxes, elem_id=f"{name}-box"),
        gr.Dropdown([], label=t("explain_other"), elem_id=f"{name}-other"),
    )


def _handler(
    service: Explanations, context: Context, asked: Asked
) -> Callable[..., Iterator[Updates]]:
    skipped = (gr.skip(), gr.skip())

    def answer(
        request: gr.Request,
        is_open: bool,
        path: str | None,
        model: str,
        method: str,
        box: str | None,
        other: str | None,
        *options: object,
    ) -> Iterator[Updates]:
        if not is_open:
            return
        locale = request_locale(request)
        if path is None:
            yield empty("explain_empty"), *skipped
            return

        def predict() -> Answer:
            return service.answer(path, model, asked.values(model, *options))

        try:
            for step in progress_then_result(context.service, model, locale, predict):
                if isinstance(step, str):
                    yield step, *skipped
                    continue
                names = _names(asked, step, box, other)
                yield note(translate("explain_working", locale), "busy"), *names.updates
                for html in _maps(service, context, step, method, names.targets, locale):
                    yield html, *skipped
        except DemoError as error:
            yield error_note(error, locale), *skipped

    return answer


@dataclass(frozen=True, slots=True)
class _Names:
    """targets: what to explain, by name; updates: of the lists of boxes and of other classes."""

    targets: list[str]
    updates: tuple[object, object]


def _names(asked: Asked, answer: Answer, box: str | None, other: str | None) -> _Names:
    """What can be explained in this answer; choices that it does not have are dropped."""
    choices = answer.task.targets(answer.result)
    known = {name for _, name in choices}
    if not asked.boxes:
        best = choices[0][1]
        chosen = other if other in known and other != best else None
        update = gr.Dropdown(choices=choices[1:], value=chosen)
        return _Names(["", *([chosen] if chosen else [])], (gr.skip(), update))
    place = box if box in known else "1"
    labels = list(dict.fromkeys(answer.spec.labels))
    chosen = other if other in labels else None
    targets = [place, *([f"{place}:{chosen}"] if chosen else [])]
    boxes = gr.Dropdown(choices=choices, value=place if choices else None)
    return _Names(targets, (boxes, gr.Dropdown(choices=labels, value=chosen)))


def _maps(
    service: Explanations,
    context: Context,
    answer: Answer,
    method: str,
    targets: Sequence[str],
    locale: str,
) -> Iterator[str]:
    """The maps, then their checks one after the other, as HTML."""
    found: list[Explained] = []
    working = translate("explain_working", locale)
    for target in targets:
        made = context.service.submit(partial(service.explain, answer, method, target, ""))
        while not wait([made], _POLL_S).done:
            yield explanation(found, locale, working)
        found.append(value(made))
        yield explanation(found, locale, working)
    for place, one in enumerate(found):
        count = Count()
        checked = context.service.submit(partial(service.check, one, count))
        while not wait([checked], _POLL_S).done:
            text = translate("explain_checking", locale, done=count.done, total=CHECK_PASSES)
            yield explanation(found, locale, text)
        found[place] = value(checked)
    yield explanation(found, locale)
