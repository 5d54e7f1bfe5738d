"""Passes of one network for an explanation; between two of them others get their answers."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.inference.engine import ExclusiveModel
from demo.models.spec import Outputs, Prepared
from demo.models.target import Explainable

if TYPE_CHECKING:
    from torch import Tensor, nn


T = TypeVar("T")
_log = logging.getLogger(__name__)

Pixels = NDArray[np.float32]
"""1×3×h×w float32, what the network takes."""


class StoppedError(Exception):
    """Raised by the first pass after somebody has stopped the work."""


@dataclass(slots=True)
class Progress:
    """Passes so far, and whether more are wanted; another thread may read and stop it."""

    done: int = 0
    stopped: bool = False

    def stop(self) -> None:
        """Let the work end before its next pass."""
        self.stopped = True


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """A network, its input and the number among its outputs that is explained.

    model: runs one piece of work at a time. family: of the model. prepared: the request. index: of
    the target's logit, see `Explainable`. network: in place of the model's own.
    """

    model: ExclusiveModel
    family: Explainable
    prepared: Prepared
    index: tuple[int, ...] = ()
    network: "nn.Module | None" = None
    progress: Progress = field(default_factory=Progress)

    @property
    def inputs(self) -> Pixels:
        """1×3×h×w float32, the network's input of the request."""
        return self.prepared.inputs

    @property
    def target(self) -> int | tuple[int, ...]:
        """The index in the form that captum takes."""
        return self.index[0] if len(self.index) == 1 else self.index

    def run(self, work: "Callable[[nn.Module, Tensor], T]", pictures: int = 1) -> T:
        """`work` with the network and its input, a tensor on the network's device.

        Of the network's outputs it gets the first alone, since methods explain one tensor.

        pictures: how many the work passes through the network; each counts. Raises StoppedError
        where nobody wants it any more.
        """
        import torch

        if self.progress.stopped:
            _log.debug("%s: stopped after %d passes", self.model.spec.name, self.progress.done)
            raise StoppedError

        def alone(own: "nn.Module") -> T:
            network = own if self.network is None else self.network
            device = next(network.parameters()).device
            with _one_output(network):
                return work(network, torch.from_numpy(self.inputs).to(device))

        value = self.model.run(alone)
        self.progress.done += pictures
        return value

    def outputs(self) -> Outputs:
        """The first output for the input, float32."""
        return self.run(_outputs)

    def with_inputs(self, inputs: Pixels) -> "Passes":
        """The same for another input of the same size; passes of both count together."""
        return replace(self, prepared=replace(self.prepared, inputs=inputs))

    def with_network(self, change: "Callable[[nn.Module], None]") -> "Passes":
        """The same with a copy of the network that `change` has changed in place."""

        def copied(own: "nn.Module") -> "nn.Module":
            network = deepcopy(own)
            change(network)
            return network

        return replace(self, network=self.model.run(copied))

    def score(self, inputs: Pixels) -> float:
        """The target's score for an input of the same size, 0–1."""
        output = self.with_inputs(inputs).outputs()[0]
        return float(self.family.output_scores(output, self.index)[0])


def _outputs(network: "nn.Module", inputs: "Tensor") -> Outputs:
    import torch

    with torch.no_grad():
        return (network(inputs).float().cpu().numpy(),)


@contextmanager
def _one_output(network: "nn.Module") -> Iterator[None]:
    """Let the network give its first output alone for the length of the block."""

    def first(module: "nn.Module", inputs: object, outputs: object) -> object:
        return outputs[0] if isinstance(outputs, tuple) else outputs

    hook = network.register_forward_hook(first)
    try:
        yield
    finally:
        hook.remove()
