"""ONNX Runtime on the CPU, for models from ONNX files."""

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.backends.base import OutOfMemory
from demo.errors import DemoError
from demo.models.own.onnx_session import OnnxSession
from demo.models.own.onnx_structure import read_structure
from demo.models.spec import ModelSpec, Outputs, WeightsFile

if TYPE_CHECKING:
    from torch import nn

_NO_MEMORY = ("allocate memory", "bad allocation", "bad_alloc")
"""Words of onnxruntime where the memory does not suffice."""


class OnnxRunner:
    """A network of an ONNX file, float32 in and out."""

    device = "cpu"
    precision = "float32"
    parallel = False
    """A session has threads of its own, which passes at once would share."""

    def __init__(self, spec: ModelSpec, file: WeightsFile, count: "_ThreadCount") -> None:
        """Read the file; its threads are started by the first pass.

        Raises DemoError for a file that is broken or reaches out of itself.
        """
        self._spec, self._file, self._count = spec, file, count
        read_structure(file.path)
        try:
            content = file.path.read_bytes()
        except OSError:
            raise DemoError("weights_unreadable", file=file.path.name) from None
        self.size_bytes = len(content)
        self._content: bytes | None = content
        self._session: OnnxSession | None = None
        self._lock = threading.Lock()

    def run(self, inputs: NDArray[np.float32]) -> Outputs:
        """N×3×h×w float32 → one float32 array an output. Raises OutOfMemory, DemoError.

        Graphs are often made for one picture, so that pictures run one after the other.
        """
        session = self._open()
        try:
            answers = [session.run(inputs[i : i + 1]) for i in range(len(inputs))]
        except RuntimeError as error:
            raise self._fault(error) from None
        return tuple(np.concatenate(outputs) for outputs in zip(*answers, strict=True))

    def module(self) -> "nn.Module":
        """Raises DemoError: a graph has no gradients."""
        return self._spec.network(self._file)

    def _open(self) -> OnnxSession:
        with self._lock:
            if self._session is None:
                assert self._content is not None
                try:
                    self._session = OnnxSession(self._content, self._count.value)
                except RuntimeError as error:
                    raise self._fault(error) from None
                self._content = None
            return self._session

    def _fault(self, error: RuntimeError) -> Exception:
        if any(words in str(error) for words in _NO_MEMORY):
            return OutOfMemory()
        return DemoError("own_onnx_broken", file=self._file.path.name)


class _ThreadCount(threading.local):
    """CPU threads of passes, as the calling thread has set them."""

    value = 1


class OnnxCpu:
    """onnxruntime, which is imported when the first such model runs."""

    name = "onnx-cpu"
    order = 50

    def __init__(self) -> None:
        self._count = _ThreadCount()

    def supports(self, spec: ModelSpec, device: str) -> bool:
        """ONNX files; on the CPU also where there is a GPU."""
        return spec.runtime == "onnx"

    def load(self, spec: ModelSpec, file: WeightsFile) -> OnnxRunner:
        """The network; its threads are those of the thread that runs the first pass."""
        return OnnxRunner(spec, file, self._count)

    def set_threads(self, count: int) -> None:
        """Set the threads of the models that the calling thread runs first."""
        self._count.value = count


BACKEND = OnnxCpu()
