"""A model in a precision that the caller chooses: converted before it answers, never in its place.

The networks are held for one block alone, beside those that answer everybody else.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.backends import openvino_cpu
from demo.backends.base import InferenceRunner
from demo.backends.openvino_cpu import Shape
from demo.errors import DemoError
from demo.inference.batching import Worker
from demo.inference.conversions import Conversions
from demo.inference.engine import Precision, Prediction
from demo.inference.input_size import check_size
from demo.models.spec import ModelSpec, Request
from demo.results import Timing

if TYPE_CHECKING:
    from demo.inference.loaded import Loaded

_HELD_BYTES = 300_000_000
"""Networks of several input shapes that are held at once; one is held whatever its size."""
_HINTS: dict[Precision, openvino_cpu.Precision] = {"float32": "f32", "bfloat16": "bf16"}


def check_precision(spec: ModelSpec, precision: Precision, device: str) -> None:
    """Raise DemoError where the model cannot run in that precision here.

    device: kind of device, `cpu` or `cuda`.
    """
    if device != "cpu":
        raise DemoError("precision_device")
    if precision == "bfloat16" and openvino_cpu.precision_here("fast") != "bf16":
        raise DemoError("precision_processor", precision=precision)
    if spec.runtime != "torch" and precision != "float32":
        raise DemoError("precision_fixed", name=spec.name, precision=precision)


@dataclass(slots=True, eq=False)
class ChosenPrecision:
    """A leased model whose passes are all of one precision; thread-safe.

    The first picture of each input shape waits for the conversion, where none is in the cache.
    """

    loaded: "Loaded"
    precision: Precision
    conversions: Conversions
    worker: Worker
    _held: "OrderedDict[Shape, InferenceRunner]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def weights_bytes(self) -> int | None:
        """Memory of the network's weights in this precision; None before the first picture."""
        with self._lock:
            runner = next(reversed(self._held.values()), None)
        if runner is None:
            return None
        if isinstance(runner, openvino_cpu.OpenvinoRunner):
            return runner.weights_bytes
        return runner.size_bytes

    def run(self, request: Request, *, bulk: bool = False) -> Prediction:
        """As `Engine.run`. Raises DemoError where the network cannot be converted, too."""
        spec = self.loaded.spec
        checked = check_size(spec, request)
        start = time.perf_counter()
        prepared = spec.family.preprocess(checked)
        preprocess_ms = (time.perf_counter() - start) * 1000
        runner = self._runner(prepared.inputs.shape[1:])
        outputs, forward_ms = self.worker.run(spec.name, runner, prepared.inputs, bulk=bulk)
        start = time.perf_counter()
        result = spec.family.postprocess(outputs, prepared)
        postprocess_ms = (time.perf_counter() - start) * 1000
        timing = Timing(preprocess=preprocess_ms, forward=forward_ms, postprocess=postprocess_ms)
        backend = getattr(runner, "backend", self.loaded.backend)
        digest = self.loaded.file.sha256
        return Prediction(spec.name, digest, backend, result, timing, runner.device, prepared.view)

    def _runner(self, shape: Shape) -> InferenceRunner:
        if self.loaded.spec.runtime != "torch":
            with self._lock:
                return self._held.setdefault(shape, self.loaded.runner)
        with self._lock:
            runner = self._held.pop(shape, None) or self._converted(shape)
            self._held[shape] = runner
            while len(self._held) > 1 and self._held_bytes() > _HELD_BYTES:
                self._held.popitem(last=False)
            return runner

    def _converted(self, shape: Shape) -> InferenceRunner:
        loaded, hint = self.loaded, _HINTS[self.precision]
        try:
            return self.conversions.provide(loaded.spec, loaded.file, shape, hint)
        except (RuntimeError, OSError, ImportError) as error:
            raise DemoError(
                "precision_not_converted", name=loaded.spec.name, precision=self.precision
            ) from error

    def _held_bytes(self) -> int:
        return sum(runner.size_bytes for runner in self._held.values())
