"""Conversion of a network of torch to ONNX for OpenVINO, in a process of its own.

`python -m demo.inference.convert` reads an `Order` as JSON from standard input, converts the
network, checks it against torch on three pictures, and writes a `Record` as a line of JSON and the
ONNX file to standard output. An ONNX file of the owner's is not converted: it is checked against
ONNX Runtime, and `UNCHANGED` stands in its place. An order that cannot be carried out ends with
status 1 and one line on standard error.
"""

import io
import json
import os
import sys
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.backends.openvino_cpu import OpenvinoRunner, Precision, Shape, set_threads
from demo.errors import DemoError
from demo.inference import onnx_check
from demo.inference.agreement import output_difference
from demo.inference.catalog import Catalog
from demo.models.spec import ImageRequest, ModelSpec, NoiseRequest, WeightsFile
from demo.settings import Settings

if TYPE_CHECKING:
    from torch import nn

Inputs = NDArray[np.float32]

EXACT_TOLERANCE = 5e-4
"""Largest |a − b| ÷ (1 + |b|) of an output in float32: scores to 0.001, pixels to 0.4 of 640."""
FAST_TOLERANCE = 0.15
"""Largest ‖a − b‖ ÷ ‖b‖ of an output in bfloat16, which has eight bits: more is another network.

Of an ONNX file also the difference of scores, see `onnx_check`.
"""
UNCHANGED = b"unchanged"
"""In the place of a file that OpenVINO takes as it is."""
_OPSET = 17
_NICE = 10
"""A tenth of a core where answers keep them all busy."""


@dataclass(frozen=True, slots=True)
class Order:
    """A network to convert. shape: of one input, such as (3, height, width)."""

    model: str
    weights_sha256: str
    shape: Shape
    precision: Precision


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured on three pictures.

    difference: the largest of any output, in the measure of `tolerance`. any_size: the file is for
    inputs of every height and width, and was checked in two sizes.
    """

    difference: float
    tolerance: float
    any_size: bool

    @property
    def agrees(self) -> bool:
        """Whether the converted network may answer in torch's place; never for NaN."""
        return self.difference <= self.tolerance


def export(network: "nn.Module", shape: Shape, *, any_size: bool = False) -> bytes:
    """The network as an ONNX file for inputs 1×shape, or 1×3×height×width of any size.

    Raises RuntimeError where torch cannot.
    """
    import torch

    file = io.BytesIO()
    example = torch.zeros(1, *shape)
    axes = {"input": {2: "height", 3: "width"}} if any_size else None
    with warnings.catch_warnings():
        # It traces, which takes a tenth of the newer exporter's time, and calls itself legacy.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            file,  # type: ignore[arg-type]  # which this exporter writes to all the same
            dynamo=False,
            opset_version=_OPSET,
            input_names=["input"],
            dynamic_axes=axes,
        )
    return file.getvalue()


def compare(network: "nn.Module", converted: OpenvinoRunner, inputs: Inputs) -> float:
    """The largest difference of any output for these inputs, see `Record`."""
    import torch

    with torch.inference_mode():
        answer = network(torch.from_numpy(inputs))
    reference = answer if isinstance(answer, tuple) else (answer,)
    pairs = zip(converted.run(inputs), (one.float().numpy() for one in reference), strict=True)
    exact = converted.precision == "float32"
    return max(output_difference(found, expected, exact) for found, expected in pairs)


def pictures(spec: ModelSpec, shape: Shape) -> list[Inputs]:
    """Three inputs of that shape: of photos for a network that takes them, else of noise."""
    if len(shape) != 3:
        return [spec.family.preprocess(NoiseRequest(seed)).inputs for seed in range(3)]
    return [_input(spec, photo, shape) for photo in _photos(shape)]


def _input(spec: ModelSpec, photo: NDArray[np.uint8], shape: Shape) -> Inputs:
    prepared = spec.family.preprocess(ImageRequest(photo, max(shape[1:]))).inputs
    if prepared.shape[1:] == shape:
        return prepared
    # A shape that no picture of this size leads to; the network does not mind where it is from.
    return np.ascontiguousarray(photo.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def _photos(shape: Shape) -> list[NDArray[np.uint8]]:
    """Three photos of the installed packages in the size of the shape, RGB."""
    import cv2

    found = find_spec("ultralytics")
    assert found is not None
    assert found.origin is not None
    photos = []
    for name in ("bus.jpg", "zidane.jpg"):
        bgr = cv2.imread(str(Path(found.origin).parent / "assets" / name))
        assert bgr is not None, name
        photos.append(cv2.cvtColor(cv2.resize(bgr, (shape[2], shape[1])), cv2.COLOR_BGR2RGB))
    return [*photos, np.ascontiguousarray(photos[0][:, ::-1])]


def convert(order: Order, spec: ModelSpec, file: WeightsFile) -> tuple[Record, bytes]:
    """The network for inputs of any size where that agrees, else for those of the order alone.

    Raises RuntimeError or `torch.onnx.OnnxExporterError` where it cannot be exported.
    """
    if spec.runtime == "onnx":
        return _check(order, spec, file), UNCHANGED
    network = spec.network(file).eval().requires_grad_(False)
    tolerance = EXACT_TOLERANCE if order.precision == "f32" else FAST_TOLERANCE
    if len(order.shape) == 3 and not spec.fixed_size:
        with suppress(RuntimeError):  # a size that is written into the network
            content = export(network, order.shape, any_size=True)
            shapes = (order.shape, _other(order.shape))
            worst = max(_worst(spec, network, content, shape, order.precision) for shape in shapes)
            if (record := Record(worst, tolerance, any_size=True)).agrees:
                return record, content
    content = export(network, order.shape)
    worst = _worst(spec, network, content, order.shape, order.precision)
    return Record(worst, tolerance, any_size=False), content


def _check(order: Order, spec: ModelSpec, file: WeightsFile) -> Record:
    """An ONNX file in one size alone: the server compiles none that was not compiled here."""
    onnx_check.limit_resources()
    set_threads(1)
    photos = _photos(order.shape)
    worst, exact = onnx_check.difference(spec, file, order.shape, order.precision, photos)
    return Record(worst, EXACT_TOLERANCE if exact else FAST_TOLERANCE, any_size=False)


def _worst(
    spec: ModelSpec, network: "nn.Module", content: bytes, shape: Shape, precision: Precision
) -> float:
    """The largest difference on three pictures. Raises RuntimeError where it cannot run."""
    set_threads(1)
    converted = OpenvinoRunner(content, shape, precision, threads=1)
    return max(compare(network, converted, one) for one in pictures(spec, shape))


def _other(shape: Shape) -> Shape:
    """Another size that pictures lead to: upright instead of flat, or half of a square."""
    channels, height, width = shape
    return (
        (channels, width, height)
        if width != height
        else (channels, height, max(32, width // 64 * 32))
    )


def main() -> int:
    """Carry out the order of standard input; the exit status."""
    # Libraries that print something would spoil the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(_NICE)  # answers go first
    import torch

    torch.set_num_threads(1)
    given = json.load(sys.stdin)
    order = Order(**{**given, "shape": tuple(given["shape"])})
    try:
        catalog = Catalog(Settings.from_env(os.environ))
        file = catalog.open(order.model, lambda share: None)
        if file.sha256 != order.weights_sha256:
            raise DemoError("weights_changed", file=file.path.name)
        record, content = convert(order, catalog.spec(order.model), file)
    except (DemoError, OSError, RuntimeError, torch.onnx.OnnxExporterError) as error:
        print(f"{type(error).__name__}: {str(error).strip()}".splitlines()[0], file=sys.stderr)
        return 1
    with answer:
        answer.write(json.dumps(asdict(record)).encode() + b"\n" + content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
