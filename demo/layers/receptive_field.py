"""Which pixels of the input a cell of a layer can see."""

from typing import NamedTuple

from torch import nn

from demo.layers.trace import Layer, Trace


class Window(NamedTuple):
    """A rectangle of cells: first row and column, and those behind the last."""

    top: int
    left: int
    bottom: int
    right: int

    def joined(self, other: "Window") -> "Window":
        """The smallest rectangle around both."""
        return Window(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


def receptive_field(trace: Trace, number: int, row: int = 0, column: int = 0) -> Window:
    """The pixels of the input that can change a cell of layer `number`, without the padding.

    row, column: of the cell; without meaning in a layer that has none.
    """
    seen: dict[int, Window] = {number: Window(row, column, row + 1, column + 1)}
    for current in range(number, -1, -1):
        if current not in seen:
            continue
        layer = trace.layers[current]
        needed = needed_window(layer, seen[current])
        for source in layer.sources:
            seen[source] = needed.joined(seen[source]) if source in seen else needed
    return seen[-1]


def needed_window(layer: Layer, window: Window) -> Window:
    """The cells of a layer's input that a rectangle of its output is computed from."""
    module, size = layer.module, layer.inputs[0].shape[1:]
    if not size:
        return Window(0, 0, 1, 1)
    if isinstance(module, nn.Conv2d | nn.MaxPool2d):
        sides = [
            _needed(module, axis, first, last, size[axis])
            for axis, (first, last) in enumerate(
                ((window.top, window.bottom), (window.left, window.right))
            )
        ]
        return Window(sides[0][0], sides[1][0], sides[0][1], sides[1][1])
    if isinstance(module, nn.Flatten | nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return Window(0, 0, size[0], size[1])
    return window


def window_of(module: nn.Conv2d | nn.MaxPool2d, axis: int, cell: int) -> tuple[int, int]:
    """First input cell along an axis that an output cell is computed from, and its kernel's side.

    The first one is negative where the window begins in the padding.
    """
    kernel, stride, padding = (
        _of(value, axis) for value in (module.kernel_size, module.stride, module.padding)
    )
    return cell * stride - padding, kernel


def _needed(
    module: nn.Conv2d | nn.MaxPool2d, axis: int, first: int, behind: int, size: int
) -> tuple[int, int]:
    start, _ = window_of(module, axis, first)
    last, kernel = window_of(module, axis, behind - 1)
    return max(start, 0), min(last + kernel, size)


def _of(value: object, axis: int) -> int:
    one = value[axis] if isinstance(value, tuple) else value
    assert isinstance(one, int)
    return one
