"""Forward passes: what waits together for one model runs as one batch, films run beside."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from demo.errors import DemoError
from demo.inference.core_lock import CoreLock
from demo.models.spec import Model


@dataclass(slots=True, eq=False)
class _Job:
    name: str
    model: Model
    tensor: Tensor
    raw: Tensor | None = None
    forward_ms: float = 0.0


class Worker:
    """Runs forward passes in the order in which they were asked for.

    A pass takes along what waits for the same model and input shape, up to `most` pictures; it
    never waits for company. When memory runs out it calls `free` and halves the batch.

    On a CPU the pictures of a film go through lanes instead: as many passes at once as there are
    cores, each with one, which answers more of them than all cores on one after the other. They
    stand back for every other pass.
    """

    def __init__(
        self, most: int, free: Callable[[], None], threads: int, *, lanes: int = 0
    ) -> None:
        """threads: of torch, for the passes alone: every other thread is left with one.

        OpenMP's threads wait for each other without sleeping only while there are no more of them
        than cores; a second thread with a team of its own would slow every layer down.
        """
        self._most = most
        self._free = free
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._turns = CoreLock()
        self._lanes = ThreadPoolExecutor(lanes, "lane") if lanes > 1 else None
        self._thread = ThreadPoolExecutor(1, "forward")
        self._thread.submit(_have_threads, threads).result()
        torch.set_num_threads(1)

    def run(
        self, name: str, model: Model, tensor: Tensor, *, bulk: bool = False
    ) -> tuple[Tensor, float]:
        """1×3×h×w → the model's raw output for that picture, and the milliseconds of the pass.

        bulk: one of many; that all are done soon matters more than this one. Raises DemoError when
        the memory does not suffice for one picture alone.
        """
        if bulk and self._lanes is not None:
            return self._lanes.submit(self._beside, name, model, tensor).result()
        job = _Job(name, model, tensor)
        with self._lock:
            self._waiting.append(job)
        return self._thread.submit(self._answer, job).result()

    def close(self) -> None:
        """End the threads after what they are doing; what waits is given up."""
        if self._lanes is not None:
            self._lanes.shutdown(wait=True, cancel_futures=True)
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _answer(self, job: _Job) -> tuple[Tensor, float]:
        if job.raw is None:
            company = self._take(job)
            tensors = [one.tensor for one in company]
            with self._turns.exclusive():
                start = time.perf_counter()
                raw = self._forward(job.name, job.model, tensors)
                forward_ms = (time.perf_counter() - start) * 1000
            for i, one in enumerate(company):
                one.raw, one.forward_ms = raw[i : i + 1], forward_ms
        assert job.raw is not None
        return job.raw, job.forward_ms

    def _beside(self, name: str, model: Model, tensor: Tensor) -> tuple[Tensor, float]:
        with self._turns.shared():
            start = time.perf_counter()
            raw = self._forward(name, model, [tensor])
            return raw, (time.perf_counter() - start) * 1000

    def _take(self, job: _Job) -> list[_Job]:
        """The job and those that wait for the same; each has its own turn if this pass fails."""
        with self._lock:
            alike = [one for one in self._waiting if one is not job and _alike(one, job)]
            company = [job, *alike[: self._most - 1]]
            for one in company:
                if one in self._waiting:
                    self._waiting.remove(one)
        return company

    def _forward(self, name: str, model: Model, tensors: Sequence[Tensor]) -> Tensor:
        try:
            return model.forward(torch.cat(list(tensors)))
        except (torch.OutOfMemoryError, MemoryError):
            pass
        except RuntimeError as error:
            if "DefaultCPUAllocator" not in str(error):
                raise
        self._free()
        half = len(tensors) // 2
        parts = [tensors[:half], tensors[half:]] if half else [tensors]
        try:
            return torch.cat([model.forward(torch.cat(list(part))) for part in parts])
        except (torch.OutOfMemoryError, MemoryError):
            raise DemoError("out_of_memory", name=name) from None
        except RuntimeError as error:
            if "DefaultCPUAllocator" not in str(error):
                raise
            raise DemoError("out_of_memory", name=name) from None


def _alike(one: _Job, other: _Job) -> bool:
    return one.model is other.model and one.tensor.shape == other.tensor.shape


def _have_threads(number: int) -> None:
    """Give torch in this thread so many, whatever is set elsewhere later."""
    torch.set_num_threads(number)
    # A thread takes over what was set last when it first asks, and keeps that.
    torch.get_num_threads()
