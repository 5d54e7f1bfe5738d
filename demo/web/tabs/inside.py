"""Inside: the layers of a small network, their feature maps, and the arithmetic of each cell."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
from gradio.components import Component

from demo.drawing.feature_maps import Tiling, draw_feature_maps, draw_filters, draw_window
from demo.errors import DemoError
from demo.images.encode import encode_png
from demo.layers.cell import Cell
from demo.layers.of_model import ModelTrace, trace_model, traceable_models
from demo.results import Image
from demo.web.address import Parameter, TabAddress
from demo.web.addressed import keep_in_address, read_name
from demo.web.click import Click
from demo.web.components.answering import answer_on_change, error_note, progress_then_result
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.numbers import Number
from demo.web.components.picture import PictureOut
from demo.web.components.picture_input import picture_input
from demo.web.components.private_files import save
from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.views import answer as answer_view
from demo.web.views import layers as layers_view

if TYPE_CHECKING:
    from demo.layers.trace import Layer


_DEFAULT = "cnn-cifar10"
_MOST_ADDING = -1
"""Input channel that stands for the one that adds most."""


class _Outputs(NamedTuple):
    """What every handler of the tab sets, in this order."""

    status: Component
    layer: Component
    channel: Component
    row: Component
    column: Component
    maps: Component
    filters: Component
    field: Component
    cell: Component


def build(context: Context) -> None:
    """Lay the tab out and connect it."""
    names, t = traceable_models(context.service.engine), context.t
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "inside")
            gr.HTML(answer_view.hint("layers_intro"), padding=False)
        with gr.Column(scale=7, min_width=320):
            with gr.Row(elem_classes="controls"):
                first = _DEFAULT if _DEFAULT in names else None
                model = gr.Dropdown(
                    names, value=first, label=t("model"), elem_id="inside-model", min_width=150
                )
                layer = FollowingDropdown(
                    [], label=t("layers_layer"), elem_id="inside-layer", min_width=280, scale=3
                )
            status = gr.HTML(
                answer_view.empty("layers_empty"), elem_id="inside-answer", elem_classes="status"
            )
            field = _shown(context, "field")
    shown = (Parameter("model", model, read_name("model", names), always=True),)
    keep_in_address(context, "inside", TabAddress(shown))
    numbers = _numbers(context)
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=6, min_width=320):
            maps = _shown(context, "maps")
        with gr.Column(scale=6, min_width=320):
            cell = gr.HTML(elem_id="inside-cell", padding=False)
            filters = _shown(context, "filters")
    channel, row, column, _ = numbers
    outputs = _Outputs(status, layer, channel, row, column, maps, filters, field, cell)
    inputs = [picture, model, layer, *numbers]
    triggers = [picture.change, model.change, layer.input, *(one.input for one in numbers)]
    answer_on_change(triggers, _handler(context), inputs, outputs)
    maps.select(
        _click_handler(context),
        inputs,
        list(outputs),
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _numbers(context: Context) -> list[Number]:
    """Channel, row and column of the cell, and the input channel that is shown."""
    with gr.Row(elem_classes="controls"):
        return [
            Number(
                start,
                label=context.t(f"layers_{name}"),
                precision=0,
                minimum=min(start, 0),
                elem_id=f"inside-{name.replace('_', '-')}",
                min_width=120,
            )
            for name, start in (
                *(("channel", 0), ("row", 16), ("column", 16)),
                ("input_channel", _MOST_ADDING),
            )
        ]


def _shown(context: Context, name: str) -> PictureOut:
    return PictureOut(
        label=context.t(f"layers_{name}"),
        interactive=False,
        visible=False,
        buttons=["fullscreen"],
        elem_id=f"inside-{name}",
        elem_classes="pixels",
    )


def _handler(context: Context) -> Callable[..., Iterator[tuple[object, ...]]]:
    def show(
        request: gr.Request, path: str | None, model: str, *values: object
    ) -> Iterator[tuple[object, ...]]:
        locale = request_locale(request)
        if path is None:
            yield answer_view.empty("layers_empty"), *_nothing(gr.Dropdown(choices=[], value=None))
            return

        def work() -> ModelTrace:
            return _traced(context, path, model)

        try:
            for step in progress_then_result(context.service, model, locale, work):
                if isinstance(step, str):
                    yield step, *(gr.skip() for _ in _Outputs._fields[1:])
                else:
                    yield _all(context, step, values, locale)
        except DemoError as error:
            yield error_note(error, locale), *_nothing(gr.skip())

    return show


def _click_handler(context: Context) -> Callable[..., tuple[object, ...]]:
    def click(
        request: gr.Request, event: Click, path: str | None, model: str, *values: object
    ) -> tuple[object, ...]:
        """Show the cell that was clicked on."""
        locale = request_locale(request)
        if path is None:
            return tuple(gr.skip() for _ in _Outputs._fields)
        try:
            x, y = event.place
            found = _traced(context, path, model)
        except DemoError as error:
            return error_note(error, locale), *_nothing(gr.skip())
        layer = found.trace.layers[_within(values[0], len(found.trace.layers))]
        at = Tiling.of(*_shape(layer)).cell_at(int(x), int(y))
        chosen = values[1:4] if at is None else at
        return _all(context, found, (values[0], *chosen, values[4]), locale)

    return click


def _traced(context: Context, path: str, model: str) -> ModelTrace:
    picture, _ = context.service.open(path)
    return trace_model(context.service.engine, model, picture.rgb)


def _nothing(layer: object) -> tuple[object, ...]:
    """All outputs behind the status without an answer."""
    hidden = gr.Image(value=None, visible=False)
    return layer, gr.skip(), gr.skip(), gr.skip(), hidden, hidden, hidden, ""


def _all(
    context: Context, found: ModelTrace, values: tuple[object, ...], locale: str
) -> tuple[object, ...]:
    """The outputs for the values of layer, channel, row, column and input channel.

    Those of another model or layer are moved to the nearest ones that this one has.
    """
    from demo.layers.receptive_field import receptive_field

    layers = found.trace.layers
    number = _within(values[0], len(layers))
    layer = layers[number]
    shape = _shape(layer)
    cell = Cell(*(_within(value, side) for value, side in zip(values[1:4], shape, strict=True)))
    wanted = values[4] if isinstance(values[4], int) else _MOST_ADDING
    channel = None if wanted < 0 else _within(wanted, len(layer.inputs[0]))
    window = receptive_field(found.trace, number, cell.row, cell.column)
    titles = [layers_view.layer_title(i, one, locale) for i, one in enumerate(layers)]
    choices = [(title, i) for i, title in enumerate(titles)]
    return (
        layers_view.logits_table(found, locale),
        gr.Dropdown(choices=choices, value=number),
        *cell,
        _picture(context, draw_feature_maps(layer.output.reshape(shape), cell)),
        _filters(context, layer, cell),
        _picture(context, draw_window(found.seen, window)),
        layers_view.cell_arithmetic(layer, cell, channel, locale),
    )


def _filters(context: Context, layer: "Layer", cell: Cell) -> object:
    from torch import nn

    if layer.sources != (-1,) or not isinstance(layer.module, nn.Conv2d):
        return gr.Image(value=None, visible=False)
    weights = layer.module.weight.detach().float().cpu().numpy()
    return _picture(context, draw_filters(weights, cell.channel))


def _picture(context: Context, image: Image) -> object:
    """An update that shows a picture without the loss of JPEG."""
    path = save(encode_png(image), str(context.service.uploads.folder), "png")
    return gr.Image(value=path, visible=True)


def _shape(layer: "Layer") -> tuple[int, int, int]:
    channels, height, width = (*layer.output.shape, 1, 1)[:3]
    return channels, height, width


def _within(value: object, count: int) -> int:
    return min(max(value, 0), count - 1) if isinstance(value, int) else 0


TAB = Tab("inside", 40, "tab_inside", build)
