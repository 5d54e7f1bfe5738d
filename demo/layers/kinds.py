"""The kinds of layers: how a cell of each comes about, and how a reader computes it again."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.layers.cell import Arithmetic, Cell, Patch, Symbol, Term
from demo.layers.receptive_field import window_of
from demo.layers.trace import Layer, Values
from demo.models.networks.classifiers import Mirrored, Residual, Scaled

_LARGEST = 10
"""Terms of a long sum that are shown one by one."""

_Compute = Callable[[Layer, Cell], Arithmetic]
_Symbols = Mapping[str, float]


class Kind(NamedTuple):
    """A kind of layer.

    name: as `Arithmetic.kind`. types: of its modules. compute: a cell. read: a cell's value from
    what `compute` states, as a reader would compute it, and from its symbols by name.
    """

    name: str
    types: tuple[type[nn.Module], ...]
    compute: _Compute
    read: Callable[[Arithmetic, _Symbols], float]


def kind_of(module: nn.Module) -> Kind:
    """The kind of a layer. Raises KeyError for one of no known kind."""
    for kind in _KINDS:
        if isinstance(module, kind.types):
            return kind
    raise KeyError(type(module).__name__)


def _row(weight: Tensor, number: int) -> NDArray[np.float64]:
    return weight.detach()[number].double().cpu().numpy()


def _of(parameter: Tensor, number: int) -> float:
    return float(parameter.detach()[number])


def _at(values: Values, cell: Cell) -> float:
    return float(values[cell] if values.ndim == 3 else values[cell.channel])


def convolution(layer: Layer, cell: Cell, channel: int | None = None) -> Arithmetic:
    """A cell of a convolution; see `demo.layers.arithmetic.arithmetic`."""
    conv, source = layer.module, layer.inputs[0]
    assert isinstance(conv, nn.Conv2d)
    weight = _row(conv.weight, cell.channel)
    values, padding = _window(conv, source, cell)
    sums = (values * weight).sum((1, 2))
    shown = int(np.abs(sums).argmax()) if channel is None else channel
    bias = 0.0 if conv.bias is None else _of(conv.bias, cell.channel)
    symbols = (Symbol("b", bias, "layer_bias"),) if conv.bias is not None else ()
    patch = Patch(shown, values[shown], padding, weight[shown], sums)
    tail = " + b[k]" if conv.bias is not None else ""
    rows, columns = (_place(conv, axis, letters) for axis, letters in enumerate(("mp", "nq")))
    place = f"x[c, {rows}, {columns}]"
    formula = f"y[k, m, n] = Σ_c Σ_p Σ_q {place} · w[k, c, p, q]{tail}"
    return Arithmetic("convolution", formula, _at(layer.output, cell), symbols, patch)


def _place(module: nn.Conv2d | nn.MaxPool2d, axis: int, letters: str) -> str:
    """Where the window of a cell lies along an axis, such as `2m + p − 1`."""
    start, second = (window_of(module, axis, cell)[0] for cell in (0, 1))
    stride = second - start
    factor, shift = stride if stride > 1 else "", f" − {-start}" if start else ""
    return f"{factor}{letters[0]} + {letters[1]}{shift}"


def _max_pooling(layer: Layer, cell: Cell) -> Arithmetic:
    pool = layer.module
    assert isinstance(pool, nn.MaxPool2d)
    values, padding = _window(pool, layer.inputs[0], cell)
    own = np.where(padding, -np.inf, values[cell.channel])
    patch = Patch(cell.channel, own, padding, None, own.max()[None])
    rows, columns = (_place(pool, axis, letters) for axis, letters in enumerate(("mp", "nq")))
    formula = f"y[k, m, n] = max_p max_q x[k, {rows}, {columns}]"
    return Arithmetic("max_pooling", formula, _at(layer.output, cell), (), patch)


def _whole_channel(layer: Layer, cell: Cell) -> Arithmetic:
    largest = isinstance(layer.module, nn.AdaptiveMaxPool2d)
    own = layer.inputs[0][cell.channel].astype(np.float64)
    sums = (own.max() if largest else own.mean())[None]
    patch = Patch(cell.channel, own, np.zeros(own.shape, bool), None, sums)
    kind = "channel_maximum" if largest else "channel_mean"
    formula = "y[k] = max_{m,n} x[k, m, n]" if largest else "y[k] = Σ_m Σ_n x[k, m, n] / (M · N)"
    return Arithmetic(kind, formula, _at(layer.output, cell), (), patch)


def _dense(layer: Layer, cell: Cell) -> Arithmetic:
    dense = layer.module
    assert isinstance(dense, nn.Linear)
    weight = _row(dense.weight, cell.channel)
    values = layer.inputs[0].astype(np.float64)
    products = values * weight
    order = np.argsort(-np.abs(products), kind="stable")[:_LARGEST]
    terms = tuple(Term(int(i), float(values[i]), float(weight[i])) for i in order)
    rest = float(products.sum() - products[order].sum())
    bias = () if dense.bias is None else (Symbol("b", _of(dense.bias, cell.channel), "layer_bias"),)
    formula = "y[k] = Σ_i w[k, i] · x[i]" + (" + b[k]" if bias else "")
    return Arithmetic("dense", formula, _at(layer.output, cell), bias, terms=terms, rest=rest)


def _batch_norm(layer: Layer, cell: Cell) -> Arithmetic:
    norm, k = layer.module, cell.channel
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    symbols = (
        Symbol("x", _at(layer.inputs[0], cell), "layer_input"),
        Symbol("μ", _of(norm.running_mean, k), "layer_mean"),
        Symbol("σ²", _of(norm.running_var, k), "layer_variance"),
        Symbol("ε", norm.eps, "layer_epsilon"),
        Symbol("γ", _of(norm.weight, k), "layer_scale"),
        Symbol("β", _of(norm.bias, k), "layer_shift"),
    )
    formula = "y = γ · (x − μ) / √(σ² + ε) + β"
    return Arithmetic("batch_norm", formula, _at(layer.output, cell), symbols)


def _pointwise(kind: str, formula: str) -> _Compute:
    def rule(layer: Layer, cell: Cell) -> Arithmetic:
        symbols = (Symbol("x", _at(layer.inputs[0], cell), "layer_input"),)
        return Arithmetic(kind, formula, _at(layer.output, cell), symbols)

    return rule


def _scaled(layer: Layer, cell: Cell) -> Arithmetic:
    assert isinstance(layer.module, Scaled)
    symbols = (
        Symbol("x", _at(layer.inputs[0], cell), "layer_input"),
        Symbol("f", layer.module.factor, "layer_factor"),
    )
    return Arithmetic("scale", "y = f · x", _at(layer.output, cell), symbols)


def _two(kind: str, formula: str, second: str, meaning: str) -> _Compute:
    def rule(layer: Layer, cell: Cell) -> Arithmetic:
        symbols = (
            Symbol("x", _at(layer.inputs[0], cell), "layer_input"),
            Symbol(second, _at(layer.inputs[1], cell), meaning),
        )
        return Arithmetic(kind, formula, _at(layer.output, cell), symbols)

    return rule


def _flatten(layer: Layer, cell: Cell) -> Arithmetic:
    channel, row, column = np.unravel_index(cell.channel, layer.inputs[0].shape)
    symbols = (
        Symbol("c", float(channel), "layer_channel_of"),
        Symbol("m", float(row), "layer_row_of"),
        Symbol("n", float(column), "layer_column_of"),
        Symbol("x", float(layer.inputs[0][channel, row, column]), "layer_input"),
    )
    return Arithmetic("flatten", "y[i] = x[c, m, n]", _at(layer.output, cell), symbols)


def _window(
    module: nn.Conv2d | nn.MaxPool2d, source: Values, cell: Cell
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The C×k×k input of a cell with 0 in the padding, and k×k which cells are padding."""
    (top, height), (left, width) = (
        window_of(module, axis, at) for axis, at in enumerate((cell.row, cell.column))
    )
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    inside = ((rows >= 0) & (rows < source.shape[1]))[:, None] & (
        (columns >= 0) & (columns < source.shape[2])
    )
    taken = source[
        :, rows.clip(0, source.shape[1] - 1)[:, None], columns.clip(0, source.shape[2] - 1)
    ]
    return np.where(inside, taken, 0).astype(np.float64), ~inside


def _of_patch(found: Arithmetic, symbols: _Symbols) -> float:
    assert found.patch is not None
    return float(found.patch.sums.sum()) + symbols.get("b", 0.0)


def _of_terms(found: Arithmetic, symbols: _Symbols) -> float:
    terms = sum(term.value * term.weight for term in found.terms)
    return terms + found.rest + symbols.get("b", 0.0)


def _normed(_: Arithmetic, s: _Symbols) -> float:
    return s["γ"] * (s["x"] - s["μ"]) / math.sqrt(s["σ²"] + s["ε"]) + s["β"]


def _gelu(_: Arithmetic, s: _Symbols) -> float:
    return s["x"] * 0.5 * (1 + math.erf(s["x"] / math.sqrt(2)))


_KINDS = (
    Kind("convolution", (nn.Conv2d,), convolution, _of_patch),
    Kind("max_pooling", (nn.MaxPool2d,), _max_pooling, _of_patch),
    Kind("channel_maximum", (nn.AdaptiveMaxPool2d,), _whole_channel, _of_patch),
    Kind("channel_mean", (nn.AdaptiveAvgPool2d,), _whole_channel, _of_patch),
    Kind("dense", (nn.Linear,), _dense, _of_terms),
    Kind("batch_norm", (nn.BatchNorm1d, nn.BatchNorm2d), _batch_norm, _normed),
    Kind("relu", (nn.ReLU,), _pointwise("relu", "y = max(0, x)"), lambda _, s: max(0.0, s["x"])),
    Kind("gelu", (nn.GELU,), _pointwise("gelu", "y = x · ½ · (1 + erf(x / √2))"), _gelu),
    Kind("flatten", (nn.Flatten,), _flatten, lambda _, s: s["x"]),
    Kind("scale", (Scaled,), _scaled, lambda _, s: s["f"] * s["x"]),
    Kind(
        "residual_sum",
        (Residual,),
        _two("residual_sum", "y = x + f(x)", "f(x)", "layer_block"),
        lambda _, s: s["x"] + s["f(x)"],
    ),
    Kind(
        "mirror_mean",
        (Mirrored,),
        _two("mirror_mean", "y = (x + x′) / 2", "x′", "layer_mirrored"),
        lambda _, s: (s["x"] + s["x′"]) / 2,
    ),
)
