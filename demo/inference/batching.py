"""Dynamic batching of forward passes; video frames run in parallel single-threaded passes."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.backends.base import InferenceRunner, OutOfMemory
from demo.errors import DemoError
from demo.inference.core_lock import CoreLock
from demo.models.spec import Outputs

_log = logging.getLogger(__name__)

T = TypeVar("T")
Inputs = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class _Job:
    """One request that waits for its forward pass; outputs is None until it has run."""

    name: str
    runner: InferenceRunner
    inputs: Inputs
    outputs: Outputs | None = None
    forward_ms: float = 0.0


class Worker:
    """Runs forward passes in the order in which they were requested.

    Requests that wait for the same network and input shape join one batch of at most `max_batch`
    requests; a pass never waits for company. Where the memory does not suffice it calls `free` and
    halves the batch.

    On a CPU the frames of a video run in lanes instead: as many passes at once as there are cores,
    single-threaded each, which has a higher throughput than all cores on one frame after the
    other. Lanes give way to every other pass.
    """

    def __init__(
        self,
        max_batch: int,
        free: Callable[[], None],
        threads: int,
        set_threads: Callable[[int], None],
        *,
        lanes: int = 0,
    ) -> None:
        """Start the threads.

        Args:
            max_batch: requests in one batch.
            free: releases memory that is not in use.
            threads: CPU threads of a batch's pass. Every other thread gets one: OpenMP threads
                spin while they wait for each other only while there are no more of them than
                cores, so a second team would slow every layer down.
            set_threads: sets the number of CPU threads of the back ends for the calling thread. It
                is called before each pass: a back end may have been imported meanwhile.
            lanes: parallel passes for video frames; 0 or 1 for none.
        """
        self._max_batch = max_batch
        self._free = free
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._cores = CoreLock()
        self._closed = threading.Event()
        self._lanes = ThreadPoolExecutor(lanes, "lane") if lanes > 1 else None
        self._thread = ThreadPoolExecutor(1, "forward")
        self._threads, self._set_threads = threads, set_threads
        set_threads(1)

    def run(
        self, name: str, runner: InferenceRunner, inputs: Inputs, *, bulk: bool = False
    ) -> tuple[Outputs, float]:
        """Network input of one request → its outputs, and the milliseconds of the forward pass.

        bulk: one of many requests, for which throughput matters more than latency. Raises
        DemoError where the memory does not suffice for this request alone.
        """
        if bulk and self._lanes is not None and runner.parallel:
            return self._call(self._lanes, partial(self._run_in_lane, name, runner, inputs))
        job = _Job(name, runner, inputs)
        with self._lock:
            self._waiting.append(job)
        return self._call(self._thread, partial(self._answer, job))

    def run_exclusive(self, work: Callable[[], T]) -> T:
        """Run `work` on the thread of the forward passes, with all cores and no pass meanwhile."""

        def alone() -> T:
            self._set_threads(self._threads)
            with self._cores.exclusive():
                return work()

        return self._call(self._thread, alone)

    def close(self) -> None:
        """End the threads after their running passes; waiting and later requests are refused."""
        self._closed.set()
        if self._lanes is not None:
            self._lanes.shutdown(wait=True, cancel_futures=True)
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _call(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """The value of `work`, run by a thread of the pool. Raises DemoError after `close`."""
        try:
            return pool.submit(work).result()
        except (CancelledError, RuntimeError) as error:
            stopping = isinstance(error, CancelledError) or self._closed.is_set()
            if not stopping:
                raise
            raise DemoError("server_stopping") from None

    def _answer(self, job: _Job) -> tuple[Outputs, float]:
        if job.outputs is None:
            batch = self._take_batch(job)
            self._set_threads(self._threads)
            with self._cores.exclusive():
                start = time.perf_counter()
                outputs = self._forward(job.name, job.runner, [one.inputs for one in batch])
                forward_ms = (time.perf_counter() - start) * 1000
            for one, part in zip(batch, _split(outputs, batch), strict=True):
                one.outputs, one.forward_ms = part, forward_ms
        assert job.outputs is not None
        return job.outputs, job.forward_ms

    def _run_in_lane(
        self, name: str, runner: InferenceRunner, inputs: Inputs
    ) -> tuple[Outputs, float]:
        self._set_threads(1)
        with self._cores.shared():
            start = time.perf_counter()
            outputs = self._forward(name, runner, [inputs])
            return outputs, (time.perf_counter() - start) * 1000

    def _take_batch(self, job: _Job) -> list[_Job]:
        """The job and waiting ones of its kind; each has its own pass later if this one fails."""
        with self._lock:
            alike = [one for one in self._waiting if one is not job and _alike(one, job)]
            batch = [job, *alike[: self._max_batch - 1]]
            for one in batch:
                if one in self._waiting:
                    self._waiting.remove(one)
        return batch

    def _forward(self, name: str, runner: InferenceRunner, inputs: Sequence[Inputs]) -> Outputs:
        try:
            return runner.run(_join(inputs))
        except OutOfMemory:
            _log.warning(
                "out of memory for %d requests of %s: halving the batch", len(inputs), name
            )
        self._free()
        half = len(inputs) // 2
        parts = [inputs[:half], inputs[half:]] if half else [inputs]
        try:
            answers = [runner.run(_join(part)) for part in parts]
        except OutOfMemory:
            _log.error("out of memory for %s", name)
            raise DemoError("out_of_memory", name=name) from None
        return tuple(np.concatenate(outputs) for outputs in zip(*answers, strict=True))


def _alike(one: _Job, other: _Job) -> bool:
    return one.runner is other.runner and one.inputs.shape[1:] == other.inputs.shape[1:]


def _join(inputs: Sequence[Inputs]) -> Inputs:
    return inputs[0] if len(inputs) == 1 else np.concatenate(list(inputs))


def _split(outputs: Outputs, batch: Sequence[_Job]) -> list[Outputs]:
    """The outputs of each job of a batch; a job may be several rows."""
    ends = np.cumsum([len(job.inputs) for job in batch]).tolist()
    starts = [0, *ends[:-1]]
    return [
        tuple(output[start:end] for output in outputs)
        for start, end in zip(starts, ends, strict=True)
    ]
