"""OpenVINO on the CPU: networks that were converted from torch, and ONNX files of the owner's.

See `inference/convert`, which checks both before they come here.
"""

import math
import sys
import threading
from types import ModuleType
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from demo.backends.base import OutOfMemory
from demo.backends.openvino_types import Compiled, Core, Node, Request
from demo.models.spec import Outputs
from demo.system import cores

Precision = Literal["f32", "bf16"]
Shape = tuple[int, ...]
"""Of one input without the axis of the batch: (3, height, width)."""
_PRECISION_BYTES = {
    **{"f64": 8, "i64": 8, "f32": 4, "i32": 4, "u32": 4, "f16": 2, "bf16": 2, "i16": 2, "u16": 2},
    **{"i8": 1, "u8": 1, "boolean": 1, "undefined": 4},
}
"""Bytes of a number, by OpenVINO's names of precisions."""
_NO_MEMORY = ("bad_alloc", "allocate memory", "out of memory")
"""Words of OpenVINO in a RuntimeError where the memory does not suffice."""
_QUANTIZED = {"FakeQuantize"}
"""What OpenVINO's reader makes of a pair of QuantizeLinear and DequantizeLinear."""
_PRECISIONS = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}


def precision_here(setting: str) -> Precision:
    """The precision for `VITRINE_PRECISION`: bfloat16 for `fast`, on a processor that has it."""
    if setting != "fast":
        return "f32"
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


def processor() -> str:
    """The processor and what it computes fast, which decides about the kernels that are used."""
    core = _core()
    name = core.get_property("CPU", "FULL_DEVICE_NAME")
    return f"{name} {' '.join(sorted(core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')))}"


class OpenvinoRunner:
    """A converted network of one input shape; pictures of a batch run one after the other.

    The first pass of a thread that has one CPU thread compiles the network a second time, for as
    many passes at once as there are cores; passes of a thread that has more use all cores for one.
    """

    device = "cpu"
    parallel = True

    def __init__(
        self, content: bytes, shape: Shape, precision: Precision, threads: int, source: str = ""
    ) -> None:
        """Compile the network for passes on `threads` cores.

        Args:
            content: of the ONNX file.
            shape: of one input.
            precision: of the passes; what the file has quantized is computed in int8 all the same.
            threads: CPU threads of a pass that has the device for itself.
            source: word before the name in answers, such as `onnx-`.

        Raises:
            RuntimeError: it cannot be compiled here.
        """
        self._network = _core().read_model(content)
        self._network.reshape([1, *shape])
        self._outputs = len(self._network.outputs)
        operators = {operator.get_type_name() for operator in self._network.get_ops()}
        self._hint = precision
        self._kind = "int8" if operators & _QUANTIZED else precision
        self._source = source
        self._content_bytes = len(content)
        self._lock = threading.Lock()
        self._compiled: dict[bool, Compiled] = {}
        self._requests = threading.local()
        self._threads = threads
        self._compile(alone=True)

    @property
    def precision(self) -> str:
        """Precision of the passes: `float32`, `bfloat16`, or `int8` of a quantized network."""
        return _PRECISIONS[self._kind]

    @property
    def backend(self) -> str:
        """Name in answers: `openvino-f32`, `openvino-bf16`, `onnx-openvino-int8` …"""
        return f"{self._source}openvino-{self._kind}"

    @property
    def size_bytes(self) -> int:
        """Memory of the weights: each compiled network holds them in an order of its own."""
        return self._content_bytes * (1 + len(self._compiled))

    @property
    def weights_bytes(self) -> int:
        """The weights once, each in the precision in which the compiled layer computes with it."""
        graph = next(iter(self._compiled.values())).get_runtime_model()
        return sum(map(_weights_bytes, graph.get_ordered_ops()))

    def run(self, inputs: NDArray[np.float32]) -> Outputs:
        """N×… float32 → one float32 array an output, N×… each. Raises OutOfMemory."""
        alone = _count.value > 1 or self._threads == 1
        request = self._request(alone)
        try:
            answers = [self._infer(request, inputs[i : i + 1]) for i in range(len(inputs))]
        except RuntimeError as error:
            if not any(words in str(error) for words in _NO_MEMORY):
                raise
            raise OutOfMemory from None
        if len(answers) == 1:
            return answers[0]
        return tuple(np.concatenate(outputs) for outputs in zip(*answers, strict=True))

    def _infer(self, request: Request, picture: NDArray[np.float32]) -> Outputs:
        inputs = [np.ascontiguousarray(picture)]
        found = request.infer(inputs, share_inputs=True, share_outputs=True)
        # The arrays of a request are overwritten by its next pass: this is their only copy.
        return tuple(np.array(found[i], np.float32) for i in range(self._outputs))

    def _request(self, alone: bool) -> Request:
        """The calling thread's own request."""
        requests: dict[bool, Request] | None = getattr(self._requests, "value", None)
        if requests is None:
            requests = self._requests.value = {}
        if alone not in requests:
            with self._lock:
                compiled = self._compiled.get(alone) or self._compile(alone)
            requests[alone] = compiled.create_infer_request()
        return requests[alone]

    def _compile(self, alone: bool) -> Compiled:
        threads = self._threads if alone else cores()
        options = {
            "INFERENCE_PRECISION_HINT": self._hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1 if alone else threads,
            # Pinned threads of several networks would wait for each other on one core.
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled[alone] = _core().compile_model(self._network, "CPU", options)
        return self._compiled[alone]


def _weights_bytes(layer: Node) -> int:
    """Of the constants that go into a compiled layer."""
    size_bytes = _PRECISION_BYTES[str(layer.get_rt_info()["runtimePrecision"].value)]
    constants = (
        one
        for one in layer.inputs()
        if one.get_source_output().get_node().get_rt_info()["layerType"].value == "Const"
    )
    return sum(math.prod(one.get_shape()) * size_bytes for one in constants)


class _ThreadCount(threading.local):
    """CPU threads of passes, as the calling thread has set them."""

    value = 1


_count = _ThreadCount()
_made: list[Core] = []
_making = threading.Lock()


def set_threads(count: int) -> None:
    """Set the CPU threads of passes for the calling thread."""
    _count.value = count


def _core() -> Core:
    """OpenVINO's core, which is imported when the first network is compiled."""
    with _making:
        if not _made:
            # At its import it would write into the home and look up a host that collects usage;
            # without this package it does neither.
            sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
            import openvino

            _made.append(cast(Core, openvino.Core()))
        return _made[0]
