"""A network run by PyTorch, on whichever device; the two torch back ends share it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from demo.backends.base import OutOfMemory
from demo.models.checkpoint import nbytes
from demo.models.spec import ModelSpec, Outputs, WeightsFile
from demo.system import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class TorchRunner:
    """A float32 network in evaluation mode, channels last, without gradients."""

    precision = "float32"
    parallel = True

    def __init__(
        self,
        spec: ModelSpec,
        file: WeightsFile,
        device: "torch.device",
        optimise: "Callable[[nn.Module], None] | None" = None,
    ) -> None:
        """Load the network.

        Args:
            spec: the model.
            file: its weights.
            device: where it runs.
            optimise: changes the network in place for speed, after its size was measured.

        Raises:
            DemoError: as `ModelSpec.network` does.
            OutOfMemory: the memory does not suffice for the weights.
        """
        _imported.set()
        self._spec, self._file, self._device = spec, file, device
        with _memory_checked():
            network = _to_device(spec.network(file), device).requires_grad_(False)
            self.size_bytes = nbytes(network)
            if optimise is not None:
                optimise(network)
        self._network = network

    @property
    def device(self) -> str:
        """Kind of device: `cpu` or `cuda`."""
        return self._device.type

    def run(self, inputs: NDArray[np.float32]) -> Outputs:
        """N×… float32 → one float32 array an output. Raises OutOfMemory."""
        import torch
        from torch import Tensor

        with _memory_checked(), torch.inference_mode():
            batch = _batch(torch.from_numpy(inputs), self._device)
            answer = cast(Tensor | tuple[Tensor, ...], self._network(batch))
            outputs = answer if isinstance(answer, tuple) else (answer,)
            return tuple(output.float().cpu().numpy() for output in outputs)

    def module(self) -> "nn.Module":
        """The plain network, loaded again and never packed, so that it has gradients.

        Raises DemoError where the file has changed since.
        """
        self._file.check_unchanged()
        with _memory_checked():
            build = self._spec.plain or self._spec.network
            network = _to_device(build(self._file), self._device)
        self._file.check_unchanged()
        return network


class _Adopted(threading.local):
    """torch's CPU threads that were set for the calling thread; 0 before the first time."""

    count = 0


_adopted = _Adopted()
_imported = threading.Event()
"""Set once torch is there and a network of it is being loaded."""


def set_torch_threads(count: int) -> None:
    """Set torch's CPU threads for the calling thread; threads that start later have one.

    Does nothing before the first network of torch is loaded, so that it can be called before each
    pass: a number that the thread has already costs nothing.
    """
    if _adopted.count == count or not _imported.is_set():
        return
    import torch

    torch.set_num_threads(count)
    # A thread adopts the number that was set last when it first asks, and keeps it.
    torch.get_num_threads()
    _adopted.count = count
    if count > 1:
        # The number for threads to come, which another thread sets without changing this one's.
        resetting = threading.Thread(target=torch.set_num_threads, args=(1,), name="torch-threads")
        resetting.start()
        resetting.join()


@contextmanager
def _memory_checked() -> Iterator[None]:
    """Raise OutOfMemory in place of whatever torch raises where the memory does not suffice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory from None


def _to_device(network: "nn.Module", device: "torch.device") -> "nn.Module":
    import torch

    moved = network.eval().to(device)
    return moved.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _batch(inputs: "Tensor", device: "torch.device") -> "Tensor":
    import torch

    if inputs.ndim == 4:
        return inputs.to(device, memory_format=torch.channels_last, non_blocking=True)
    return inputs.to(device, non_blocking=True)
