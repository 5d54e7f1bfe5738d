"""What a back end is, and how one is chosen for a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from demo.discover import collect
from demo.models.spec import ModelSpec, Outputs, WeightsFile

if TYPE_CHECKING:
    from torch import nn


class OutOfMemory(Exception):
    """The device has too little memory for this forward pass, or for the weights of a network.

    A smaller batch may fit, or the network once others are evicted.
    """


class InferenceRunner(Protocol):
    """A loaded network on its device, for passes without gradients: arrays in, arrays out.

    Called by one thread at a time, unless `parallel` is true.
    """

    @property
    def size_bytes(self) -> int:
        """Memory that the network's parameters take on the device."""

    @property
    def device(self) -> str:
        """Kind of device: `cpu` or `cuda`."""

    @property
    def precision(self) -> str:
        """Precision of the weights: `float32`, `float16` …"""

    @property
    def parallel(self) -> bool:
        """Whether several threads may call `run` at once."""

    def run(self, inputs: NDArray[np.float32]) -> Outputs:
        """Forward pass: N×… float32 in any memory layout → one float32 array an output, N×… each.

        Raises OutOfMemory where the device's memory does not suffice.
        """


class Runner(InferenceRunner, Protocol):
    """A loaded network that can also give the plain one, with gradients."""

    def module(self) -> "nn.Module":
        """The plain network with gradients, on the device; for hooks and explanations.

        Packed or compiled networks have no gradients, so it may be loaded again at each call.
        Raises as `Backend.load` does.
        """


class Backend(Protocol):
    """A way to run networks. `order` is its preference: the smallest comes first."""

    @property
    def name(self) -> str:
        """Name in answers, such as `torch-cpu`."""

    @property
    def order(self) -> int:
        """Preference among the back ends that support a model."""

    def supports(self, spec: ModelSpec, device: str) -> bool:
        """Whether this back end runs the model on a device of that kind (`cpu`, `cuda`) here."""

    def load(self, spec: ModelSpec, file: WeightsFile) -> Runner:
        """Load the network onto the device.

        Raises DemoError as `ModelSpec.network` does, and OutOfMemory.
        """

    def set_threads(self, count: int) -> None:
        """Set the CPU threads of forward passes for the calling thread and for later threads."""


def all_backends() -> list[Backend]:
    """All back ends of `demo/backends`, the preferred one first."""
    return collect("demo.backends", "BACKEND")


def choose(spec: ModelSpec, device: str, candidates: Sequence[Backend]) -> Backend:
    """The first candidate that supports the model. Raises LookupError where none does."""
    for backend in candidates:
        if backend.supports(spec, device):
            return backend
    raise LookupError(f"no back end runs {spec.name} on {device}")
