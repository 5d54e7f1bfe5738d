"""What answers in the place of a loaded network, by the shape of its input."""

import threading

from demo.backends.openvino_cpu import OpenvinoRunner, Shape

WORTH_PASSES = 2
"""Passes of a shape after which it is converted: one picture in a shape of its own is not."""
_MAX_SHAPES = 4
"""Converted networks of one model; the least recently used goes first."""


class Converted:
    """The converted networks of one loaded model, by the shape of their input. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.opening = threading.Lock()
        """Held while a network is read from the cache for a request that waits for it."""
        self._runners: dict[Shape, OpenvinoRunner] = {}
        self._passes: dict[Shape, int] = {}

    @property
    def size_bytes(self) -> int:
        """Memory that they take."""
        return sum(runner.size_bytes for runner in list(self._runners.values()))

    @property
    def backend(self) -> str | None:
        """Name of the one that was used last, where there is any."""
        with self._lock:
            runner = next(reversed(self._runners.values()), None)
        return None if runner is None else runner.backend

    def find(self, shape: Shape) -> OpenvinoRunner | None:
        """The network for that shape, where there is one."""
        with self._lock:
            runner = self._runners.pop(shape, None)
            if runner is not None:
                self._runners[shape] = runner  # now the last one used
            return runner

    def count(self, shape: Shape) -> bool:
        """Count a pass of a shape that has no network; whether it is the one that asks for it."""
        with self._lock:
            passes = self._passes[shape] = self._passes.get(shape, 0) + 1
            return passes == WORTH_PASSES

    def put(self, shape: Shape, runner: OpenvinoRunner) -> None:
        """Answer with this network from now on."""
        with self._lock:
            self._runners[shape] = runner
            while len(self._runners) > _MAX_SHAPES:
                oldest = next(iter(self._runners))
                del self._runners[oldest]
                self._passes.pop(oldest, None)
