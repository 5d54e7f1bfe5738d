"""Types of what is used of OpenVINO, which comes without them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Request(Protocol):
    """Of `openvino.InferRequest`."""

    def infer(
        self, inputs: Sequence[NDArray[np.float32]], share_inputs: bool, share_outputs: bool
    ) -> Mapping[int, NDArray[np.float32]]:
        """The outputs by number. Shared arrays are not copied."""


class Value(Protocol):
    """Of `openvino.OVAny`."""

    value: object


class Output(Protocol):
    """Of `openvino.Output`."""

    def get_node(self) -> "Node":
        """What it comes from."""


class Input(Protocol):
    """Of `openvino.Input`."""

    def get_source_output(self) -> Output:
        """Where it comes from."""

    def get_shape(self) -> Sequence[int]:
        """Its sides."""


class Node(Protocol):
    """Of `openvino.Node`, in a compiled graph."""

    def get_rt_info(self) -> Mapping[str, Value]:
        """What was decided when it was compiled, by name."""

    def inputs(self) -> Sequence[Input]:
        """Its inputs."""


class Graph(Protocol):
    """Of `openvino.Model`, as it was compiled."""

    def get_ordered_ops(self) -> Sequence[Node]:
        """Its layers, each after those that it takes from."""


class Compiled(Protocol):
    """Of `openvino.CompiledModel`."""

    def create_infer_request(self) -> Request:
        """A place for passes one after the other."""

    def get_runtime_model(self) -> Graph:
        """The graph as it was compiled."""


class Operator(Protocol):
    """Of `openvino.Node`, in a network that was read."""

    def get_type_name(self) -> str:
        """Its kind, such as `Convolution`."""


class Network(Protocol):
    """Of `openvino.Model`."""

    @property
    def outputs(self) -> Sequence[object]:
        """Its outputs."""

    def get_ops(self) -> Sequence[Operator]:
        """Its operators."""

    def reshape(self, shape: Sequence[int]) -> None:
        """Set the shape of its only input."""


class Core(Protocol):
    """Of `openvino.Core`."""

    def read_model(self, content: bytes) -> Network:
        """The network of an ONNX file."""

    def compile_model(
        self, network: Network, device: str, options: Mapping[str, object]
    ) -> Compiled:
        """The network compiled for a device."""

    def get_property(self, device: str, name: str) -> str | list[str]:
        """A fact about a device."""
