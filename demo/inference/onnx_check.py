"""Whether OpenVINO reads an ONNX file as ONNX Runtime does, which is the reference for these.

A file of the owner's is compiled for the first time here, in a process of its own: it may crash,
hang or want too much.
"""

import time

import numpy as np
from numpy.typing import NDArray

from demo.backends.openvino_cpu import OpenvinoRunner, Precision, Shape
from demo.inference.agreement import answer_difference, output_difference
from demo.models.own.onnx_session import OnnxSession
from demo.models.own.onnx_structure import read_structure
from demo.models.own.onnx_trial import limit_memory
from demo.models.spec import ImageRequest, ModelSpec, Outputs, Prepared, WeightsFile
from demo.results import Image

_LONGEST_CPU_S = 120


def limit_resources() -> None:
    """Bound the memory and the processor time of this process, where the system can."""
    limit_memory()
    try:
        import resource
    except ImportError:  # Windows: the patience of the server alone bounds it
        return
    limit = int(time.process_time()) + _LONGEST_CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))


def difference(
    spec: ModelSpec, file: WeightsFile, shape: Shape, precision: Precision, photos: list[Image]
) -> tuple[float, bool]:
    """The largest difference for some photos, and whether it is the one of exact outputs.

    In float32 that is of the outputs, as for every network. Where numbers are rounded, to bfloat16
    or in a quantized graph, the two programs round at other places: then it is the larger one of
    the outputs as a whole and of the answers, whose scores may be small beside other outputs.

    Raises RuntimeError where one of the two cannot run it, or no photo has that shape.
    """
    read_structure(file.path)
    content = file.path.read_bytes()
    reference = OnnxSession(content, threads=1)
    fast = OpenvinoRunner(content, shape, precision, threads=1)
    exact = fast.precision == "float32"
    worst = 0.0
    for photo in photos:
        prepared = _prepared(spec, photo, shape)
        inputs = np.ascontiguousarray(prepared.inputs)
        expected, found = tuple(reference.run(inputs)), fast.run(inputs)
        # NaN has to stay the largest.
        worst = float(np.max([worst, apart(spec, prepared, found, expected, exact)]))
    return worst, exact


def apart(
    spec: ModelSpec, prepared: Prepared, found: Outputs, expected: Outputs, exact: bool
) -> float:
    """The difference for one picture, see `difference`."""
    pairs = zip(found, expected, strict=True)
    outputs = float(np.max([output_difference(a, b, exact) for a, b in pairs]))
    if exact or not np.isfinite(outputs):
        return outputs
    one = spec.family.postprocess(found, prepared)
    two = spec.family.postprocess(expected, prepared)
    return max(outputs, answer_difference(spec.task, one, two))


def _prepared(spec: ModelSpec, photo: NDArray[np.uint8], shape: Shape) -> Prepared:
    """A photo of the shape's own size, as the family prepares it."""
    for size in (max(shape[1:]), None):
        prepared = spec.family.preprocess(ImageRequest(photo, size))
        if prepared.inputs.shape[1:] == shape:
            return prepared
    raise RuntimeError(f"no photo leads to an input of {shape}")
