"""What is shown of one cell of a layer: the formula and the numbers in it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Cell(NamedTuple):
    """Position in a layer's output; row and column are 0 where it has none."""

    channel: int
    row: int = 0
    column: int = 0


class Symbol(NamedTuple):
    """A symbol of a formula, its value, and the key of what it means in `demo/strings`."""

    name: str
    value: float
    meaning: str


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The part of a sum over a window that one input channel gives.

    channel: of the input. values: k×k of the window, 0 in the padding. padding: k×k, which are
    padding. kernel: k×k weights; None for pooling. sums: what each input channel adds; the one of
    `channel` is the sum of values · kernel.
    """

    channel: int
    values: NDArray[np.float64]
    padding: NDArray[np.bool_]
    kernel: NDArray[np.float64] | None
    sums: NDArray[np.float64]


class Term(NamedTuple):
    """One product of a long sum: number of the input, its value, its weight."""

    number: int
    value: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """A cell's value and what it is computed from.

    kind: of the layer, a key of `demo/strings` behind `layer_`. formula: in the notation of
    textbooks. value: what the network itself computed. symbols: the single numbers of the formula.
    patch: of a convolution or a pooling window. terms: the largest of a dense layer, and `rest`,
    the sum of all others.
    """

    kind: str
    formula: str
    value: float
    symbols: tuple[Symbol, ...] = ()
    patch: Patch | None = None
    terms: tuple[Term, ...] = ()
    rest: float = 0.0
