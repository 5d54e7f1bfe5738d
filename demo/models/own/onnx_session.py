"""A session of onnxruntime on the CPU, which is imported only here and only when it is needed."""

import os
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
"""Types of an input that pictures can have."""


class OnnxSession:
    """A network of an ONNX file. It opens no other file, and no library of operators."""

    def __init__(self, content: bytes, threads: int) -> None:
        """Load it.

        Args:
            content: of the file; its structure is checked, see `read_structure`.
            threads: of a pass.

        Raises:
            RuntimeError: it is not a network, or the memory does not suffice.
        """
        onnxruntime = load_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Threads that spin while they wait would take the cores of the other models.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        self._run_errors = _errors()
        try:
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except self._run_errors as error:
            raise RuntimeError(str(error)) from None
        self.inputs = [(one.name, one.type, one.shape) for one in self._session.get_inputs()]
        meta = self._session.get_modelmeta().custom_metadata_map
        self.metadata: dict[str, str] = dict(meta)

    def run(self, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """N×3×h×w float32 → each output as float32. Raises RuntimeError where it cannot run."""
        name, kind, _ = self.inputs[0]
        given = np.ascontiguousarray(pixels, _FLOATS.get(kind, np.float32))
        try:
            outputs = self._session.run(None, {name: given})
        except self._run_errors as error:
            raise RuntimeError(str(error)) from None
        return [np.asarray(output, np.float32) for output in outputs]


def load_onnxruntime() -> ModuleType:
    """The module, told to collect nothing: it would write into the home and send what it is asked.

    Whoever imports it has to come here first, other libraries that use it included.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    module: ModuleType = onnxruntime
    return module


def _errors() -> tuple[type[Exception], ...]:
    """All that onnxruntime raises; its exceptions have no common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found = (value for value in vars(state).values() if isinstance(value, type))
    own = tuple(one for one in found if issubclass(one, Exception))
    return (*own, ValueError, TypeError, RuntimeError)
