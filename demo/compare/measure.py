"""Measurements of a network: parameters, floating point operations, and warm latency."""

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Self

import numpy as np
from cachetools import TTLCache

from demo.errors import DemoError
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Image

if TYPE_CHECKING:
    from torch import nn

MIN_PASSES = 5
"""Fewest passes of a latency, after one that is not counted."""
_MAX_PASSES = 11
_ENOUGH_MS = 500.0
"""No further pass beyond `MIN_PASSES` once they have taken so long together."""
_KEPT, _KEPT_S = 256, 600.0
"""How many measurements are kept, and for how long in seconds."""


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """The size of a plain network, with its normalisation layers folded in where it has been.

    params: number of parameters; None where it is not known. gflops: billions of floating point
    operations of one pass over a square picture of the model's own input size, a multiplication
    and an addition counted as two; None for a network that PyTorch does not run.
    """

    params: int | None
    gflops: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Duration of warm forward passes of one picture, milliseconds: median, fastest, slowest."""

    p50: float
    low: float
    high: float
    passes: int

    @classmethod
    def of(cls, passes_ms: list[float]) -> Self:
        """Summarise the durations of passes, at least one."""
        return cls(median(passes_ms), min(passes_ms), max(passes_ms), len(passes_ms))

    def as_dict(self) -> dict[str, float]:
        """The JSON shape `latency_ms`, rounded to 0.01 ms."""
        times = {name: round(getattr(self, name), 2) for name in ("p50", "low", "high")}
        return {**times, "passes": self.passes}


class Measurements:
    """Measures models on the engine's device, and keeps what it found for a while."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._sizes: TTLCache[Hashable, NetworkSize] = TTLCache(_KEPT, 24 * 3600)
        self._latencies: TTLCache[Hashable, Latency] = TTLCache(_KEPT, _KEPT_S)

    def _size(self, spec: ModelSpec) -> NetworkSize:
        """Count parameters and operations of the plain network, by one pass of it.

        Where there is none, as for ONNX files, the parameters are those of the model's facts.
        """
        key = (spec.name, self._engine.weights_version(spec.name))
        with self._lock:
            kept = self._sizes.get(key)
        if kept is not None:
            return kept
        try:
            with self._engine.exclusive(spec.name) as model:
                size = model.run(lambda network: _count(network, model.spec))
        except DemoError:  # no plain network, or none any more
            size = NetworkSize(spec.params, None)
        with self._lock:
            self._sizes[key] = size
        return size

    def steps(
        self, spec: ModelSpec, image: Image, input_shape: tuple[int, ...]
    ) -> Iterator[NetworkSize | Latency | None]:
        """Measure a model: yield its size, None after each pass, and at last its latency.

        Closing the iterator ends the measurement. Raises DemoError as `Engine.run` does.

        Args:
            spec: the model.
            image: H×W×3 uint8 RGB.
            input_shape: of what the network sees of the picture.
        """
        yield self._size(spec)
        yield from self._latency(spec, image, input_shape)

    def _latency(
        self, spec: ModelSpec, image: Image, input_shape: tuple[int, ...]
    ) -> Iterator[Latency | None]:
        """Waiting for other requests and loading do not count."""
        key = (spec.name, self._engine.weights_version(spec.name), input_shape)
        with self._lock:
            found = self._latencies.get(key)
        if found is None:
            for found in warm_passes(lambda: self._engine.run(spec.name, ImageRequest(image))):
                if found is not None:
                    with self._lock:
                        self._latencies[key] = found
                yield found
        else:
            yield found


def warm_passes(run: Callable[[], Prediction]) -> Iterator[Latency | None]:
    """Call `run` again and again: yield None before each pass that counts, at last the latency."""
    run()  # the model may have to be loaded, or loaded again
    passes_ms: list[float] = []
    while not _is_enough(passes_ms):
        yield None
        passes_ms.append(run().timing.forward)
    yield Latency.of(passes_ms)


def _is_enough(passes_ms: list[float]) -> bool:
    long = sum(passes_ms) > _ENOUGH_MS
    return len(passes_ms) >= _MAX_PASSES or (len(passes_ms) >= MIN_PASSES and long)


def _count(network: "nn.Module", spec: ModelSpec) -> NetworkSize:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    grey = np.full((spec.input_size, spec.input_size, 3), 114, np.uint8)
    first = next(network.parameters(), torch.zeros(0))
    inputs = torch.from_numpy(spec.family.preprocess(ImageRequest(grey)).inputs).to(first.device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(inputs)
    params = sum(parameter.numel() for parameter in network.parameters())
    return NetworkSize(params, counter.get_total_flops() / 1e9)
