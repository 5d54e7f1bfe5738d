"""What a graph of an ONNX file is: the task, labels, input and outputs of its model."""

import ast
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from demo.errors import DemoError
from demo.models.class_names import class_names
from demo.models.classifier import Classifier, Preprocessing
from demo.models.decoded_classifier import DecodedClassifier
from demo.models.decoded_detector import DecodedDetector, Fit, Layout
from demo.models.decoded_segmenter import DecodedSegmenter
from demo.models.own import architectures
from demo.models.own.base import Run, own_spec
from demo.models.own.description import Description, read_labels
from demo.models.own.onnx_trial import OnnxFacts, stated_side
from demo.models.own.state_file import preprocessing
from demo.models.spec import Family, ModelSpec, WeightsFile

if TYPE_CHECKING:
    from torch import nn

_MAX_NAMES = 4_000_000
"""Characters of the class names in a file's metadata."""
_USUAL = Preprocessing(256, 224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""What most classifiers of ImageNet are trained with, torchvision's first of all."""
_TRANSFORMER = "RTDETRDecoder"


@dataclass(frozen=True, slots=True)
class Graph:
    """An ONNX file that has been tried out, with its description."""

    path: Path
    name: str
    tried: OnnxFacts
    found: Description

    def spec(self, params: int) -> ModelSpec:
        """The model; params: the numbers in its tensors. Raises DemoError where it is none."""
        kind = self._kind()
        labels = self._labels()
        family = kind.family(self, labels)
        return own_spec(
            self.path,
            name=self.name,
            task=kind.task,
            labels=labels,
            architecture=self.tried.metadata.get("description", "ONNX")[:80],
            params=params,
            run=Run(
                family,
                max(self.input_hw(kind.side)),
                partial(no_network, self.name),
                needs_nms=kind.needs_nms(family),
                fixed_size=self.is_fixed or kind.fixed_size,
                runtime="onnx",
            ),
        )

    @property
    def is_fixed(self) -> bool:
        """Whether the input has one size alone."""
        return None not in self.tried.input_hw

    def input_hw(self, usual: int) -> tuple[int, int]:
        """Height and width of the input, pixels; usual: a side that nothing else states."""
        side = self.found.size or stated_side(self.tried.metadata) or usual
        height, width = self.tried.input_hw
        return height or side, width or side

    def _kind(self) -> "_Kind":
        """Raises DemoError for a task that is not shown."""
        stated = self.found.task or self.tried.metadata.get("task")
        rank = len(self.tried.shapes[0])
        for kind in _KINDS:
            if kind.task == stated or (stated is None and kind.rank == rank):
                return kind
        shape = "×".join(map(str, self.tried.shapes[0]))
        raise DemoError("own_onnx_task", file=self.path.name, kind=stated or shape)

    def _labels(self) -> tuple[str, ...]:
        names = self.tried.metadata.get("names")
        labels = read_labels(self.path, self.found)
        if labels is None and names is not None:
            labels = _names(names, self.path.name)
        if labels is None and self.tried.shapes[0][-1:] == (architectures.IMAGENET_CLASSES,):
            labels = architectures.labels_of_imagenet()
        if labels is None:
            raise DemoError("own_labels_missing", file=self.path.name)
        return labels


class _Kind(Protocol):
    """A task of graphs. rank: dimensions of the output; side: usual, of the input, pixels."""

    task: str
    rank: int
    side: int
    fixed_size: bool

    def family(self, graph: Graph, labels: tuple[str, ...]) -> Family:
        """Raises DemoError for a graph whose input or output is not of this kind."""

    def needs_nms(self, family: Family) -> bool:
        """Whether its boxes hold duplicates."""


class _GraphClassifier:
    """N×C logits or probabilities."""

    task = "classify"
    rank = 2
    side = _USUAL.crop
    fixed_size = True

    def family(self, graph: Graph, labels: tuple[str, ...]) -> Family:
        shape, file = graph.tried.shapes[0], graph.path.name
        outputs = shape[1] if len(shape) == self.rank else 0
        if outputs != len(labels):
            raise DemoError("own_labels", file=file, labels=len(labels), outputs=outputs)
        height, width = graph.input_hw(self.side)
        if height != width:
            raise DemoError("own_onnx_input", file=file)
        family = Classifier(graph.name, self._preprocessing(graph, height), labels)
        stated = graph.found.outputs
        decoded = graph.tried.probable if stated is None else stated == "probabilities"
        return DecodedClassifier(family) if decoded else family

    def needs_nms(self, family: Family) -> bool:
        return False

    def _preprocessing(self, graph: Graph, side: int) -> Preprocessing:
        if "names" in graph.tried.metadata:
            usual = Preprocessing(side, side, "bilinear", (0.0,) * 3, (1.0,) * 3)
        else:
            kind = architectures.find(graph.found.architecture)
            usual = _USUAL if kind is None else kind.preset
        return preprocessing(graph.found.model_copy(update={"size": side}), usual)


class _GraphDetector:
    """Boxes in one of the layouts of ultralytics' exports."""

    task = "detect"
    rank = 3
    side = 640
    fixed_size = False

    def family(self, graph: Graph, labels: tuple[str, ...]) -> DecodedDetector:
        layout = self._layout(graph, len(labels))
        fit: Fit = "fixed" if graph.is_fixed else "stride"
        if layout.normalised:
            fit = "stretch"
        word = graph.tried.metadata.get("stride", "")
        stride = int(word) if word in ("8", "16", "32", "64", "128") else 32
        height, width = graph.input_hw(self.side)
        if not graph.is_fixed:
            height, width = -(-height // stride) * stride, -(-width // stride) * stride
        return DecodedDetector(graph.name, labels, (height, width), layout, fit, stride)

    def needs_nms(self, family: Family) -> bool:
        assert isinstance(family, DecodedDetector)
        return family.layout.columns

    def _layout(self, graph: Graph, classes: int) -> Layout:
        """What the numbers of the first output are, by its shape and the head's name."""
        head = graph.tried.metadata.get("head")
        description = graph.tried.metadata.get("description", "").lower()
        older = head is None and "rtdetr" in description.replace("-", "")
        transformer = head == _TRANSFORMER or older
        shape = graph.tried.shapes[0]
        if len(shape) == self.rank:
            if older and shape[2] == 4 + classes:
                return Layout(by_class=True, normalised=True)
            if shape[2] == 6:
                return Layout(by_class=False, corners=not transformer, normalised=transformer)
            if shape[1] == 4 + classes:
                return Layout(by_class=True, columns=True)
        numbers = "×".join(map(str, shape))
        raise DemoError("own_onnx_outputs", file=graph.path.name, shape=numbers)


class _GraphSegmenter:
    """Boxes as a detector's, K coefficients behind each, and 1×K×h×w prototypes as a second output.

    Only ultralytics' own exports say that they are one.
    """

    task = "segment"
    rank = 0
    side = 640
    fixed_size = False

    def family(self, graph: Graph, labels: tuple[str, ...]) -> Family:
        first, *more = graph.tried.shapes
        if len(first) != 3 or len(more) != 1 or len(more[0]) != 4:
            numbers = ", ".join("×".join(map(str, shape)) for shape in graph.tried.shapes)
            raise DemoError("own_onnx_outputs", file=graph.path.name, shape=numbers)
        kinds = more[0][1]
        # The boxes come as columns before suppression, and as rows after it.
        by_rows = first[2] == 6 + kinds
        boxes = (*first[:2], 6) if by_rows else (first[0], first[1] - kinds, first[2])
        tried = replace(graph.tried, shapes=(boxes,))
        return DecodedSegmenter(_DETECTOR.family(replace(graph, tried=tried), labels))

    def needs_nms(self, family: Family) -> bool:
        assert isinstance(family, DecodedSegmenter)
        return _DETECTOR.needs_nms(family.detector)


_DETECTOR = _GraphDetector()
_KINDS: tuple[_Kind, ...] = (_GraphClassifier(), _DETECTOR, _GraphSegmenter())


def draft_values(tried: OnnxFacts) -> dict[str, object]:
    """A first description of a graph that says nothing of itself."""
    rank = len(tried.shapes[0])
    kind = next((kind for kind in _KINDS if kind.rank == rank), _KINDS[0])
    size = tried.input_hw[0] or kind.side
    if not kind.fixed_size:
        return {"task": kind.task, "labels": [], "size": size}
    return {
        "task": kind.task,
        "labels": [f"class {i}" for i in range(tried.shapes[0][-1])],
        "size": size,
        "mean": list(_USUAL.mean),
        "std": list(_USUAL.std),
        "outputs": "probabilities" if tried.probable else "logits",
    }


def no_network(name: str, file: WeightsFile) -> "nn.Module":
    """Raises DemoError: a graph has no gradients."""
    raise DemoError("own_onnx_network", name=name)


def _names(text: str, file: str) -> tuple[str, ...]:
    """Class names from metadata, a dict or a list as Python writes them; nothing is run."""
    try:
        if len(text) > _MAX_NAMES:
            raise ValueError("expected fewer class names")
        return class_names(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise DemoError("own_onnx_broken", file=file) from None
