"""Inside a network as HTML: logits and probabilities, and the arithmetic of one cell."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.drawing.feature_maps import signed_colors
from demo.drawing.palette import Colour, text_colour
from demo.i18n import translate
from demo.labels.names import display_names
from demo.layers.cell import Arithmetic, Cell, Patch
from demo.layers.of_model import ModelTrace
from demo.web.views.templates import render

if TYPE_CHECKING:
    from demo.layers.trace import Layer


_TOP = 5
_SUMS = 12
"""Input channels whose part of a convolution is listed."""


class Square(NamedTuple):
    """One number of a window: its text, its colour and that of the text, and how it stands out."""

    text: str
    back: str
    front: str
    mark: str = ""


def number(value: float) -> str:
    """A number with four significant digits and a true minus sign."""
    return f"{value + 0.0:.4g}".replace("-", "−")  # + 0.0: no −0


def layer_title(position: int, layer: "Layer", locale: str) -> str:
    """A line about a layer, such as `3 · ReLU · 32 × 32 × 32`."""
    from demo.layers.kinds import kind_of

    kind = translate(f"layer_kind_{kind_of(layer.module).name}", locale)
    parts = [str(position + 1), kind, shape_text(layer)]
    if layer.parameters:
        parts.append(translate("layers_parameters", locale, count=layer.parameters))
    return " · ".join(parts)


def shape_text(layer: "Layer") -> str:
    """Channels, height and width of a layer's output."""
    return " × ".join(map(str, layer.output.shape))


def logits_table(found: ModelTrace, locale: str) -> str:
    """The best classes with logit, exponential and probability, and the sum of all exponentials."""
    from demo.layers.arithmetic import softmax

    logits = found.trace.logits.astype(np.float64)
    probabilities, exponents = softmax(found.trace.logits), np.exp(logits - logits.max())
    best = np.argsort(-logits, kind="stable")[:_TOP]
    names = display_names(tuple(found.labels), locale)
    rows = [
        (
            names[i],
            number(float(logits[i])),
            number(float(exponents[i])),
            f"{100 * probabilities[i]:.1f}",
        )
        for i in best
    ]
    total = number(float(exponents.sum()))
    return render("logits_table", rows=rows, count=len(logits), total=total, locale=locale)


def cell_arithmetic(layer: "Layer", cell: Cell, channel: int | None, locale: str) -> str:
    """How one cell was computed, with its numbers. Raises DemoError as `arithmetic` does."""
    from demo.layers.arithmetic import arithmetic

    found = arithmetic(layer, cell, channel)
    place = cell[: layer.output.ndim]
    return render(
        "layer_cell",
        kind=translate(f"layer_kind_{found.kind}", locale),
        place=", ".join(map(str, place)),
        found=found,
        number=number,
        patch=_patch(found.patch) if found.patch else None,
        sums=_sums(found.patch) if found.patch and found.patch.kernel is not None else None,
        terms=_terms(found),
        rest_count=max(layer.inputs[0].size - len(found.terms), 0),
        result=_result(found),
        locale=locale,
    )


def _result(found: Arithmetic) -> str:
    """The last line of a sum: all products together, the bias, and the cell's value."""
    bias = [symbol.value for symbol in found.symbols if symbol.name == "b"]
    if found.patch is not None and found.patch.kernel is not None:
        together = float(found.patch.sums.sum())
    elif found.terms:
        together = sum(term.value * term.weight for term in found.terms) + found.rest
    else:
        return ""
    parts = [number(together), *(f"({number(value)})" for value in bias)]
    return f"{' + '.join(parts)} = {number(found.value)}"


class _Tables(NamedTuple):
    """Window, kernel and products as rows of squares; total: sum of the products, as text."""

    channel: int
    window: list[list[Square]]
    kernel: list[list[Square]] | None
    products: list[list[Square]] | None
    total: str
    padded: bool


def _patch(patch: Patch) -> _Tables:
    padding = patch.padding
    if patch.kernel is None:
        shown = np.where(padding, -np.inf, patch.values)
        window = _squares(patch.values, padding, shown == shown.max())
        return _Tables(patch.channel, window, None, None, "", bool(padding.any()))
    products = patch.values * patch.kernel
    return _Tables(
        patch.channel,
        _squares(patch.values, padding),
        _squares(patch.kernel),
        _squares(products),
        number(float(patch.sums[patch.channel])),
        bool(padding.any()),
    )


def _squares(
    values: NDArray[np.float64],
    padding: NDArray[np.bool_] | None = None,
    winners: NDArray[np.bool_] | None = None,
) -> list[list[Square]]:
    colors = signed_colors(values, float(np.abs(values).max()))
    rows = []
    for i, row in enumerate(values):
        squares = []
        for j, value in enumerate(row):
            red, green, blue = (int(part) for part in colors[i, j])
            colour = (red, green, blue)
            mark = "pad" if padding is not None and padding[i, j] else ""
            if winners is not None and winners[i, j]:
                mark = "winner"
            back, front = (_hex(one) for one in (colour, text_colour(colour)))
            squares.append(Square(number(float(value)), back, front, mark))
        rows.append(squares)
    return rows


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _sums(patch: Patch) -> tuple[list[tuple[int, str]], int, str]:
    """The input channels that add most, how many others there are, and what these add."""
    order = np.argsort(-np.abs(patch.sums), kind="stable")
    rows = [(int(i), number(float(patch.sums[i]))) for i in order[:_SUMS]]
    return rows, len(order[_SUMS:]), number(float(patch.sums[order[_SUMS:]].sum()))


def _terms(found: Arithmetic) -> list[tuple[int, str, str, str]]:
    return [
        (term.number, number(term.value), number(term.weight), number(term.value * term.weight))
        for term in found.terms
    ]
