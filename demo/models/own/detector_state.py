"""The state of a YOLO detector or segmenter whose description names its architecture."""

import re
from functools import partial
from pathlib import Path

from demo.errors import DemoError
from demo.models.checkpoint import check_finite
from demo.models.feature_maps import ultralytics_layers
from demo.models.own.base import Run, own_spec
from demo.models.own.description import Description, read_labels
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.yolo import Yolo, load_network
from demo.models.yolo_segment import YoloSegment, load_segmenter

_NAMES = re.compile(r"yolo(?:(?:v[5689]|v10|11|12|26)[a-z]|(?:v8|11|26)[a-z]-seg)")
_SEGMENTS = "-seg"
_SIDE = 640


def is_detector(architecture: str) -> bool:
    """Whether a name is that of a YOLO of ultralytics, such as `yolo11n` or `yolo11n-seg`."""
    return _NAMES.fullmatch(architecture) is not None


def spec(path: Path, name: str, found: Description) -> ModelSpec:
    """The model of a file of tensors. Raises DemoError where they do not fit the description."""
    labels = read_labels(path, found)
    if labels is None:
        raise DemoError("own_labels_missing", file=path.name)
    side = -(-(found.size or _SIDE) // 32) * 32
    boxes = Yolo(name, labels, side)
    family: Yolo | YoloSegment = boxes
    task, loader = "detect", load_network
    if found.architecture.endswith(_SEGMENTS):
        family, task, loader = YoloSegment(boxes), "segment", load_segmenter
    load = partial(loader, name, found.architecture, labels, False)
    try:
        network = load(WeightsFile(path, sha256=""))
    except FileNotFoundError:
        raise DemoError(
            "own_architecture", file=path.with_suffix(".toml").name, got=found.architecture
        ) from None
    check_finite(network.state_dict(), path.name)
    run = Run(
        family,
        side,
        load,
        needs_nms=True,
        packs_convolutions=True,
        cam_layers=ultralytics_layers(network),
    )
    return own_spec(
        path,
        name=name,
        task=task,
        labels=labels,
        architecture=found.architecture,
        params=sum(parameter.numel() for parameter in network.parameters()),
        run=run,
    )
