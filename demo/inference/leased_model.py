"""A leased model for one caller, with gradients; passes of others run between its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from demo.backends.base import OutOfMemory, Runner
from demo.errors import DemoError
from demo.inference.batching import Worker
from demo.models.spec import ModelSpec
from demo.system import is_out_of_memory

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class LeasedModel:
    """A leased model; `run` blocks all forward passes of the device meanwhile."""

    spec: ModelSpec
    runner: Runner
    worker: Worker
    network: "nn.Module | None" = None

    def run(self, work: "Callable[[nn.Module], T]") -> T:
        """Call `work` with the plain network on the thread of the forward passes.

        Raises DemoError where the memory does not suffice, be it for a second copy of the network.
        """
        try:
            network = self._plain()
            return self.worker.run_exclusive(lambda: work(network))
        except OutOfMemory:
            raise DemoError("out_of_memory", name=self.spec.name) from None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise DemoError("out_of_memory", name=self.spec.name) from None

    def _plain(self) -> "nn.Module":
        """The network, loaded once for the block and by its caller, who thus delays nobody."""
        if self.network is None:
            self.network = self.runner.module()
        return self.network
