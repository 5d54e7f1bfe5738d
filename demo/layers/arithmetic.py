"""How one cell of a layer comes about, with the numbers of the pass itself."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from demo.errors import DemoError
from demo.layers.cell import Arithmetic, Cell
from demo.layers.kinds import convolution, kind_of
from demo.layers.trace import Layer, Values


def arithmetic(layer: Layer, cell: Cell, channel: int | None = None) -> Arithmetic:
    """How a cell of a layer's output was computed.

    channel: of the input whose part of a convolution is shown; by default the one that adds most.
    Raises DemoError for a cell or channel outside the layer.
    """
    shape = layer.output.shape
    sides = (*shape, 1, 1)[:3]
    if any(not 0 <= at < side for at, side in zip(cell, sides, strict=True)):
        raise DemoError("layer_cell", shape=" × ".join(map(str, shape)))
    if isinstance(layer.module, nn.Conv2d):
        inputs = layer.inputs[0].shape[0]
        if channel is not None and not 0 <= channel < inputs:
            raise DemoError("layer_channel", channels=inputs)
        return convolution(layer, cell, channel)
    return kind_of(layer.module).compute(layer, cell)


def recomputed(found: Arithmetic, layer: Layer) -> float:
    """The cell's value from the numbers that `found` states, as a reader would compute it."""
    symbols = {symbol.name: symbol.value for symbol in found.symbols}
    return kind_of(layer.module).read(found, symbols)


def softmax(logits: Values) -> NDArray[np.float64]:
    """Probabilities of C logits: p[k] = exp(z[k]) / Σ_j exp(z[j])."""
    exponents = np.exp(logits.astype(np.float64) - float(logits.max()))
    return np.asarray(exponents / exponents.sum())
