"""One pass through a network with the inputs and outputs of every layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.models.networks.classifiers import Mirrored, Residual, Scaled

Values = NDArray[np.float32]

_LEAVES = (
    nn.Conv2d,
    nn.Linear,
    nn.MaxPool2d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveAvgPool2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.ReLU,
    nn.GELU,
    nn.Flatten,
    Scaled,
)
_WITHOUT_EFFECT = (nn.Dropout, nn.Dropout2d, nn.Identity)
"""Layers that answer with their input, outside training."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer and what went through it.

    name: its path in the network. module: itself, in evaluation mode. sources: numbers
    of the layers whose outputs it takes; −1 is the input of the network. inputs: those outputs.
    output: C×h×w or C float32.
    """

    name: str
    module: nn.Module
    sources: tuple[int, ...]
    inputs: tuple[Values, ...]
    output: Values

    @property
    def parameters(self) -> int:
        """Number of weights that were learned in it, those of layers inside it left out."""
        return sum(p.numel() for p in self.module.parameters(recurse=False))


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The layers of one pass, in order; the output of the last one are the logits.

    pixels: 3×h×w float32, the input of the network.
    """

    pixels: Values
    layers: tuple[Layer, ...]

    @property
    def logits(self) -> Values:
        """C float32."""
        return self.layers[-1].output


def trace(network: nn.Module, pixels: Values) -> Trace:
    """Pass `pixels` (1×3×h×w float32) through a network of `demo.models.networks.classifiers`.

    Of a mirrored network the layers are those of the first pass, followed by the mean of both.
    Raises ValueError for a network with layers between which something unknown is computed.
    """
    device = next(network.parameters(), torch.empty(0)).device
    recorder = _Recorder(torch.from_numpy(pixels).to(device))
    hooks = [
        module.register_forward_hook(recorder.hook(name)) for name, module in _recorded(network)
    ]
    try:
        with torch.inference_mode():
            network(recorder.pixels)
    finally:
        for hook in hooks:
            hook.remove()
    return Trace(np.ascontiguousarray(pixels[0]), tuple(recorder.layers))


def _recorded(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in network.named_modules():
        if isinstance(module, (*_LEAVES, Residual, Mirrored)):
            yield name, module
        elif not any(module.children()) and not isinstance(module, _WITHOUT_EFFECT):
            raise ValueError(f"unknown layer {type(module).__name__} at {name!r}")


class _Recorder:
    """Builds the layers from what the hooks see."""

    def __init__(self, pixels: Tensor) -> None:
        self.pixels = pixels
        self.layers: list[Layer] = []
        self._tensors: list[Tensor] = []
        """Outputs by layer; kept, so that no other tensor gets the identity of one of them."""
        self._second: list[Tensor] = []

    def hook(self, name: str) -> Any:
        def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(module, Mirrored):
                first, second = self._tensors[-1], self._second[-1]
                last = len(self.layers) - 1
                self._add(name, module, (last, last), (first, second), output)
            elif any(layer.name == name for layer in self.layers):
                self._second.append(output)
            elif isinstance(module, Residual):
                sources = (self._number(inputs[0]), len(self.layers) - 1)
                self._add(name, module, sources, (inputs[0], self._tensors[-1]), output)
            else:
                self._add(name, module, (self._number(inputs[0]),), inputs, output)

        return record

    def _number(self, tensor: Tensor) -> int:
        """Of the layer that made the tensor; −1 for the input of the network."""
        if tensor is self.pixels:
            return -1
        for number in range(len(self._tensors) - 1, -1, -1):
            if self._tensors[number] is tensor:
                return number
        raise ValueError("the input of a layer is the output of none")

    def _add(
        self,
        name: str,
        module: nn.Module,
        sources: tuple[int, ...],
        inputs: tuple[Tensor, ...],
        output: Tensor,
    ) -> None:
        self._tensors.append(output)
        arrays = tuple(_array(one) for one in inputs)
        self.layers.append(Layer(name, module, sources, arrays, _array(output)))


def _array(tensor: Tensor) -> Values:
    return np.ascontiguousarray(tensor[0].float().cpu().numpy())
