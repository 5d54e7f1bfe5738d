"""The section "Why?" under an answer: nothing is computed before it is opened."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from demo.errors import DemoError
from demo.explain import methods
from demo.explain.explanation import methods_for
from demo.i18n import translate
from demo.service.explanations import Explanations
from demo.service.service import Answer
from demo.web.components.answering import (
    Updates,
    answer_on_change,
    error_note,
    progress_then_result,
)
from demo.web.components.class_list import class_choices
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.explaining import Wanted, maps, while_wanted
from demo.web.latest import LatestRequests
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import empty, note
from demo.web.views.templates import render

_SKIPPED = (gr.skip(), gr.skip(), gr.skip())
"""The lists of methods, boxes and other classes stay as they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer that the section is under.

    task: name of its task. picture, model: its components. options: components whose values are,
    in this order, those of `values` behind the model. box: string key of what it explains one of
    several of, such as boxes; empty where the answer is one.
    """

    task: str
    picture: Component
    model: Component
    options: Sequence[Component]
    values: Callable[..., Mapping[str, object]]
    triggers: Sequence[Callable[..., Dependency]]
    box: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor has set: the upload, the model, and names of the lists; options: of the task.

    Names that the answer does not have are dropped, as the lists are filled with an answer.
    """

    path: str
    model: str
    method: str
    box: str | None
    other: str | None
    options: tuple[object, ...]


def why(context: Context, asked: Asked) -> Callable[[], None]:
    """Lay the section out; what is returned connects it, once the answer above it is connected.

    While open it follows the picture and the controls.
    """
    opened = gr.State(False)
    with gr.Accordion(
        context.t("explain_title"),
        open=False,
        elem_id=f"{asked.task}-why",
        elem_classes=["picture-only", "needs-model"],
    ) as section:
        with gr.Row(elem_classes="controls"):
            lists = _controls(context, asked)
        gr.HTML(render("opacity"), padding=False)
        status = gr.HTML(elem_id=f"{asked.task}-why-status", padding=False)
        shown = gr.HTML(empty("explain_empty"), elem_id=f"{asked.task}-why-maps", padding=False)
    section.expand(lambda: True, None, opened, api_visibility="private")
    section.collapse(lambda: False, None, opened, api_visibility="private")
    return partial(
        answer_on_change,
        [opened.change, *(one.input for one in lists), *asked.triggers],
        _handler(context, asked),
        [opened, asked.picture, asked.model, *lists, *asked.options],
        [status, shown, *lists],
        drops_older=True,
    )


def _controls(context: Context, asked: Asked) -> tuple[gr.Dropdown, gr.Dropdown, gr.Dropdown]:
    """Method, box and second class; the lists of an answer come with it."""
    t, name = context.t, f"{asked.task}-why"
    known = [(t(one.title), one.name) for one in methods.all_methods()]
    return (
        FollowingDropdown(
            known, value=known[0][1], label=t("explain_method"), elem_id=f"{name}-method"
        ),
        FollowingDropdown(
            [], label=t(asked.box or "explain_box"), visible=bool(asked.box), elem_id=f"{name}-box"
        ),
        FollowingDropdown([], label=t("explain_other"), elem_id=f"{name}-other"),
    )


def _handler(context: Context, asked: Asked) -> Callable[..., Iterator[Updates]]:
    """A newer request of a visitor, and closing the section, end the older one."""
    latest = LatestRequests()
    explanations = Explanations(context.service)

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
        session, locale = str(request.session_hash), request_locale(request)
        own = latest.begin(session)
        if not is_open:
            return
        if path is None:
            yield "", empty("explain_empty"), *_SKIPPED
            return
        listener = Listener(context.page, session)
        wish = Wish(path, model, method, box, other, options)
        steps = _updates(context, explanations, asked, wish, locale)
        try:
            yield from while_wanted(steps, partial(latest.is_current, session, own), listener)
        except DemoError as error:
            yield error_note(error, locale), "", *_SKIPPED

    return answer


def _updates(
    context: Context, explanations: Explanations, asked: Asked, wish: Wish, locale: str
) -> Generator[Updates]:
    """The parts of the section as they come."""

    def predict() -> Answer:
        values = asked.values(wish.model, *wish.options)
        return explanations.answer(wish.path, wish.model, values)

    for step in progress_then_result(context.service, wish.model, locale, predict):
        if isinstance(step, str):
            yield step, gr.skip(), *_SKIPPED
            continue
        choices = _choices(asked, step, wish, locale)
        yield note(translate("explain_working", locale), "busy"), gr.skip(), *choices.updates
        wanted = [Wanted(step, choices.method, target) for target in choices.targets]
        found = maps(context.service, explanations, wanted, locale)
        with closing(found):
            for waiting, html in found:
                yield waiting, gr.skip() if html is None else html, *_SKIPPED


@dataclass(frozen=True, slots=True)
class _Choices:
    """method, targets: what to explain and how, by name; updates: of the three lists."""

    method: str
    targets: list[str]
    updates: tuple[object, object, object]


def _choices(asked: Asked, answer: Answer, wish: Wish, locale: str) -> _Choices:
    """What can be explained in this answer; names that it does not have are dropped."""
    suited = [(translate(one.title, locale), one.name) for one in methods_for(answer.spec)]
    names = [name for _, name in suited]
    method = wish.method if wish.method in names else next(iter(names), wish.method)
    way = gr.Dropdown(choices=suited, value=method) if suited else gr.skip()
    choices = answer.task.targets(answer.result, locale)
    known = {name for _, name in choices}
    if not asked.box:
        best = choices[0][1]
        chosen = wish.other if wish.other in known and wish.other != best else None
        update = gr.Dropdown(choices=choices[1:], value=chosen)
        return _Choices(method, ["", *([chosen] if chosen else [])], (way, gr.skip(), update))
    place = wish.box if wish.box in known else "1"
    others = class_choices(answer.spec.labels, locale)
    chosen = wish.other if wish.other in answer.spec.labels else None
    targets = [place, *([f"{place}:{chosen}"] if chosen else [])]
    boxes = gr.Dropdown(choices=choices, value=place if choices else None)
    return _Choices(method, targets, (way, boxes, gr.Dropdown(choices=others, value=chosen)))
