"""The network in float32 as ONNX, and from it the one in int8, by NNCF."""

import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np
from numpy.typing import NDArray

from demo import tasks
from demo.errors import DemoError
from demo.inference.convert import Order, convert
from demo.inference.quantize.photos import read
from demo.models.own.onnx_session import load_onnxruntime
from demo.models.spec import ImageRequest, ModelSpec, WeightsFile


def check_kind(spec: ModelSpec) -> None:
    """Raise DemoError for a model that is no network of torch, or of another task."""
    if spec.runtime != "torch" or not tasks.find(spec.task).quantizes:
        raise DemoError("quantize_kind", name=spec.name)


def exported(spec: ModelSpec, file: WeightsFile, picture: Path) -> bytes:
    """The network as ONNX in float32, checked against torch.

    Raises DemoError for one that gives other answers as ONNX, or takes one size of picture there.
    """
    import torch

    shape = spec.family.preprocess(ImageRequest(read(picture))).inputs.shape[1:]
    try:
        record, content = convert(Order(spec.name, file.sha256, shape, "f32"), spec, file)
    except (RuntimeError, torch.onnx.OnnxExporterError):
        raise DemoError("quantize_export", name=spec.name) from None
    if not record.agrees or not (record.any_size or spec.fixed_size):
        raise DemoError("quantize_export", name=spec.name)
    return content


def quantized(content: bytes, spec: ModelSpec, pictures: Sequence[Path]) -> bytes:
    """The network with its convolutions and products in int8, as pairs of QDQ operators.

    The ranges of activations are those of the pictures. They have an asymmetric scale where they
    have a sign (the preset MIXED), which suits SiLU. The head of a detector needs no exception: it
    ends before its boxes are decoded, in numbers that stay float32. Convolutions behind a Concat
    stay float32, too: OpenVINO 2026.4 moves the scales through the Concat, and answers otherwise
    then than the graph says (yolo11n finds nothing).
    """
    import onnx

    nncf = _nncf()

    def prepared(path: Path) -> dict[str, NDArray[np.float32]]:
        inputs = spec.family.preprocess(ImageRequest(read(path))).inputs
        return {"input": np.ascontiguousarray(inputs)}

    model = onnx.load_from_string(content)
    makers = {output: node.op_type for node in model.graph.node for output in node.output}
    after_concat = [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and makers.get(node.input[0]) == "Concat"
    ]
    with _silent():
        made = nncf.quantize(
            model,
            nncf.Dataset(pictures, prepared),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pictures),
            ignored_scope=nncf.IgnoredScope(names=after_concat),
        )
    small: bytes = made.SerializeToString()
    return small


def nncf_version() -> str:
    """The version of NNCF."""
    return str(_nncf().__version__)


def _nncf() -> ModuleType:
    # At its import it would write into the home and send what it is used for; without this package
    # it does neither.
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    load_onnxruntime()
    with _silent():
        import nncf

        nncf.set_log_level(logging.ERROR)
    module: ModuleType = nncf
    return module


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without its bars and the warnings of what it imports."""
    torch_log = logging.getLogger("torch.utils.cpp_extension")
    torch_log.setLevel(logging.ERROR)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
