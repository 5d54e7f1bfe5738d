"""ONNX files with the outputs of another model, as `demo.inference.quantize` writes them.

The family of that model prepares their pictures and reads their outputs, so that a network without
decoding, with a rule for unknown pictures, or with boxes that exclude each other answers as it does
there.
"""

from functools import partial
from pathlib import Path

import numpy as np

from demo.discover import collect
from demo.errors import DemoError
from demo.models.own.base import Run, own_spec, read_model
from demo.models.own.description import Description, beside, description_file
from demo.models.own.onnx_graph import no_network
from demo.models.own.onnx_trial import OnnxFacts, trial_side
from demo.models.spec import ImageRequest, ModelSpec
from demo.validate import brief


def based_spec(
    path: Path, name: str, tried: OnnxFacts, found: Description, params: int
) -> ModelSpec:
    """The model of an ONNX file whose description names another one; params: its numbers.

    Raises DemoError where there is no such model, or the file's input or outputs are not its.
    """
    base = _base(path, found)
    _check_fits(path, tried, base, trial_side(found.size, tried.metadata))
    run = Run(
        base.family,
        base.input_size,
        partial(no_network, name),
        needs_nms=base.needs_nms,
        fixed_size=base.fixed_size,
        runtime="onnx",
    )
    return own_spec(
        path,
        name=name,
        task=base.task,
        labels=base.labels,
        architecture=found.architecture or base.architecture,
        params=params,
        run=run,
        unknown=base.unknown,
    )


def _base(path: Path, found: Description) -> ModelSpec:
    known: dict[str, ModelSpec] = {spec.name: spec for spec in collect("demo.models", "SPECS")}
    if found.base in known:
        return known[found.base]
    file = beside(path, found.base, "base")
    # No ONNX file: two that name each other would never end.
    if file.suffix.lower() == path.suffix.lower() or not file.is_file():
        raise _wrong(path, found.base)
    return read_model(file, file.stem)


def _check_fits(path: Path, tried: OnnxFacts, base: ModelSpec, side: int) -> None:
    """Let the family prepare a picture and read outputs of the shapes of the trial."""
    height, width = (n or side for n in tried.input_hw)
    if not base.fixed_size and None not in tried.input_hw:
        raise DemoError("own_onnx_input", file=path.name)
    grey = np.full((height, width, 3), 114, np.uint8)
    prepared = base.family.preprocess(ImageRequest(grey, None if base.fixed_size else side))
    if prepared.inputs.shape[1:] != (3, height, width):
        raise DemoError("own_onnx_input", file=path.name)
    outputs = tuple(np.zeros(shape, np.float32) for shape in tried.shapes)
    try:
        base.family.postprocess(outputs, prepared)
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        shape = ", ".join("×".join(map(str, one)) for one in tried.shapes)
        raise DemoError("own_onnx_outputs", file=path.name, shape=shape) from None


def _wrong(path: Path, base: str) -> DemoError:
    file = description_file(path).name
    return DemoError("own_toml_value", file=file, word="base", got=brief(base))
