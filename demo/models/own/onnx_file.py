"""ONNX files: as ultralytics exports them, or with a description `NAME.toml` beside them."""

from importlib.util import find_spec
from pathlib import Path

from demo.errors import DemoError
from demo.models.own.base import facts
from demo.models.own.description import Description, description_file, read_description
from demo.models.own.draft import Draft, draft_text
from demo.models.own.onnx_base import based_spec
from demo.models.own.onnx_graph import Graph, draft_values
from demo.models.own.onnx_structure import read_structure
from demo.models.own.onnx_trial import OnnxFacts, try_out
from demo.models.spec import ModelSpec


class OnnxFile:
    """A detector or a classifier as a graph of operators; it is run by onnxruntime."""

    name = "onnx"
    order = 30
    suffixes = (".onnx",)

    def spec(self, path: Path, name: str) -> ModelSpec:
        """The model of an ONNX file. Raises DemoError for a file that cannot be shown."""
        found = read_description(path)
        params, tried = _read(path, found)
        if found is not None and found.base:
            return based_spec(path, name, tried, found, params)
        graph = Graph(path, name, tried, found or Description())
        if found is None and "names" not in tried.metadata:
            raise DemoError("own_alone", file=path.name, toml=description_file(path).name)
        return graph.spec(params)

    def draft(self, path: Path) -> Draft:
        """What the file says of itself; a description only where it needs one."""
        _, tried = _read(path, None)
        if "names" in tried.metadata:
            return Draft("", facts(self.spec(path, path.stem)))
        found = {"input_hw": tried.input_hw, "outputs": tried.shapes}
        return Draft(draft_text(draft_values(tried)), found)


READER = OnnxFile()


def _read(path: Path, found: Description | None) -> tuple[int, OnnxFacts]:
    """How many numbers the tensors of a file hold, and its facts. Raises DemoError."""
    if find_spec("onnxruntime") is None:
        raise DemoError("own_onnx_runtime", file=path.name)
    return read_structure(path), try_out(path, found.size if found is not None else None)
