"""The files of the quantized model in the owner's folder: `NAME-int8.onnx` and its description."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from demo.errors import DemoError
from demo.inference.quantize.measure import Measurement
from demo.models.own.base import read_model
from demo.models.own.description import description_file
from demo.models.own.draft import draft_text
from demo.models.score import Score
from demo.models.spec import ModelSpec

_LONGEST = 200
"""Characters of a text in a description."""


def check_target(folder: Path | None, spec: ModelSpec, force: bool) -> Path:
    """The path of the ONNX file that will be written; nothing is written yet.

    Args:
        folder: of the owner's.
        spec: the model that is quantized.
        force: overwrite files that are there.

    Raises:
        DemoError: there is no folder, it cannot be written to, or the files are there.
    """
    if folder is None:
        raise DemoError("quantize_where")
    if not folder.is_dir():
        raise DemoError("quantize_no_folder", folder=folder)
    file = folder / f"{_stem(spec)}-int8.onnx"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        raise DemoError("own_cannot_write", file=file.name) from None
    if not force and any(path.exists() for path in (file, description_file(file))):
        raise DemoError("quantize_exists", file=file.name)
    if spec.own and _home(spec) != folder.resolve():
        raise DemoError("quantize_beside", name=spec.name, folder=_home(spec))
    return file


def write(file: Path, content: bytes, spec: ModelSpec, found: Measurement, version: str) -> None:
    """Write the network and its description, and read them as the catalog does.

    The description comes first: a network without one would be refused. Raises DemoError where they
    cannot be written.
    """
    described = description_file(file)
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".quantize-") as work:
            texts = {described: _description(spec, found, version).encode(), file: content}
            for target, data in texts.items():
                (Path(work) / target.name).write_bytes(data)
            for target in texts:
                (Path(work) / target.name).replace(target)
    except OSError:
        raise DemoError("own_cannot_write", file=file.name) from None
    read_model(file, file.stem)


def facts(found: Measurement) -> tuple[str, str, str]:
    """Bytes, latency and changed answers in words."""
    before, after = found.size_bytes
    slow, fast = found.latency_ms
    same = found.agreement
    alike = f"{same.kept} of {same.pictures} other pictures answered alike"
    return (
        f"{after / 1e6:.2f} MB (float32 {before / 1e6:.2f})",
        f"{fast:.1f} ms (float32 {slow:.1f})",
        alike,
    )


def _description(spec: ModelSpec, found: Measurement, version: str) -> str:
    words = f"{spec.name} in int8 by NNCF {version}: {', '.join(facts(found))}"
    values: dict[str, object] = {
        "task": spec.task,
        "base": _base(spec),
        "size": spec.input_size,
        "architecture": spec.architecture,
        "confidence": spec.confidence,
        "iou": spec.iou,
        "licence": spec.licence[:_LONGEST],
        "source": words[:_LONGEST],
    }
    return f"{draft_text(values)}[measured]\n{draft_text(_measured(spec, found))}"


def _measured(spec: ModelSpec, found: Measurement) -> Mapping[str, object]:
    """The score on labelled pictures; without labels, how many answers are those of float32."""
    if found.scores is not None:
        return {**found.scores[1]}
    same = found.agreement
    score: Score = {
        "metric": f"answers as {spec.name}"[:_LONGEST],
        "value": round(100 * same.kept / same.pictures, 2),
        "n": same.pictures,
    }
    return {**score}


def _stem(spec: ModelSpec) -> str:
    return spec.name if not spec.own else Path(_base(spec)).stem


def _base(spec: ModelSpec) -> str:
    """What the description calls the model: its name, or a file of the owner's beside it."""
    file = spec.weights.embedded
    return file.name if spec.own and file is not None else spec.name


def _home(spec: ModelSpec) -> Path:
    file = spec.weights.embedded
    assert file is not None
    return file.parent.resolve()
