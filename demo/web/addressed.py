"""Components whose values stand in the address of their tab, and are set by it."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from html import escape

import gradio as gr
from gradio.blocks import Block

from demo import validate
from demo.errors import DemoError
from demo.i18n import LOCALES, translate
from demo.web.address import Opened, Reader, TabAddress
from demo.web.request import request_locale
from demo.web.tab import Context

_JS_OPENED = "() => window.vitrineAddress.opened()"
_JS_READY = "async () => { await window.vitrineAddress.ready(); }"


def show_in_address(tab: str, opened: gr.Tab) -> None:
    """Let the address follow when a tab is opened; to be called before its other events."""
    script = f"() => {{ window.vitrineAddress.select({tab!r}); }}"
    opened.select(None, None, None, js=script, api_visibility="private")


def keep_in_address(context: Context, tab: str, address: TabAddress) -> None:
    """Let `address` speak for a tab; to be called before the tab's other events are connected.

    Gradio works the handlers of one event off in order, and an address has to change at once.
    """
    context.addresses[tab] = address
    parameters = address.parameters
    facts = [
        {"name": one.name, "only": one.only, "initial": one.initial, "always": one.always}
        for one in parameters
    ]
    shown = f"(...values) => {{ window.vitrineAddress.set({tab!r}, {json.dumps(facts)}, values); }}"
    components = [one.component for one in parameters]
    gr.on(
        [context.page.load, *(component.change for component in components)],
        None,
        components,
        js=shown,
        api_visibility="private",
        show_progress="hidden",
    )


def open_at_address(context: Context) -> None:
    """Set the components of all tabs by the address that the page is opened at.

    To be called once all tabs are laid out. A wrong value is ignored, with a sentence.
    """
    opened = gr.Textbox(visible=False)
    outputs = list(
        dict.fromkeys(one for tab in context.addresses.values() for one in tab.components())
    )
    context.page.load(
        _handler(context, outputs),
        opened,
        outputs,
        js=_JS_OPENED,
        show_progress="hidden",
        api_visibility="private",
    ).then(None, None, None, js=_JS_READY, api_visibility="private")


def _handler(context: Context, outputs: Sequence[Block]) -> Callable[..., list[object]]:
    def apply(text: str | None, request: gr.Request) -> list[object]:
        opened, locale = Opened.parse(text), request_locale(request)
        problems: list[DemoError] = []
        if opened.lang and opened.lang not in LOCALES:
            some = ", ".join(LOCALES)
            got = validate.brief(opened.lang)
            problems.append(DemoError("unknown_name", name="lang", got=got, some=some))
        updates: dict[Block, object] = {}
        for tab, query in opened.queries.items():
            if tab in context.addresses:
                props, wrong = context.addresses[tab].read(query, locale)
                problems += wrong
                updates |= {block: {"__type__": "update", **one} for block, one in props.items()}
        if problems:
            _tell(problems, locale)
        return [updates.get(component, gr.skip()) for component in outputs]

    return apply


def _tell(problems: Sequence[DemoError], locale: str) -> None:
    """Report what is ignored; the page shows the text as HTML, and anybody can make an address."""
    texts = [escape(translate(one.key, locale, **one.fields)) for one in problems]
    gr.Warning(translate("address_ignored", locale, what="<br>".join(texts)))


def read_number(name: str, slider: gr.Slider | gr.Number) -> Reader:
    """Reads a number within the bounds of a control; a whole one where its steps are whole."""
    low, high = float(slider.minimum or 0), float(slider.maximum or 0)
    is_whole = isinstance(slider, gr.Number) or slider.step == 1

    def read(texts: Sequence[str], _: Mapping[str, object]) -> object:
        stated: object = texts[-1]
        for kind in (int, float):
            with suppress(ValueError):
                stated = kind(texts[-1])
                break
        if is_whole:
            return validate.whole(stated, name, int(low), int(high))
        return validate.number(stated, name, low, high)

    return read


def read_model(context: Context, *tasks: str) -> Reader:
    """Reads the name of a model of one of the tasks."""

    def read(texts: Sequence[str], _: Mapping[str, object]) -> object:
        spec = context.service.engine.spec(texts[-1])
        # Of another task: the sentence names some of the right one.
        return spec.name if spec.task in tasks else context.service.spec(texts[-1], tasks[0]).name

    return read


def read_name(name: str, allowed: Collection[str]) -> Reader:
    """Reads one of the allowed names."""
    return lambda texts, _: validate.names([texts[-1]], name, allowed)[0]


def read_names(name: str, allowed: Callable[[Mapping[str, object]], Collection[str]]) -> Reader:
    """Reads names, a parameter each; allowed: values of the parameters before → names."""
    return lambda texts, values: list(validate.names(list(texts), name, allowed(values)))
