"""Checkpoints of ultralytics' training: `best.pt` of a detector, segmenter or classifier."""

import copy
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from demo.errors import DemoError
from demo.models import ultralytics
from demo.models.checkpoint import check_finite, fill
from demo.models.classifier import Classifier, Preprocessing
from demo.models.decoded_detector import DecodedDetector, Layout
from demo.models.feature_maps import ultralytics_layers
from demo.models.networks.yolo_head import UndecodedHead
from demo.models.own.base import Run, facts, own_spec, refused_pickle
from demo.models.own.draft import Draft
from demo.models.own.layer_description import is_sane
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import Checkpoint
from demo.models.yolo import Yolo
from demo.models.yolo_segment import YoloSegment, undecoded

_PACKAGES = {"ultralytics", "pathlib", "types", "dill", "numpy", "argparse", "datetime"}
_LARGEST_SIDE = 1280


class UltralyticsFile:
    """A pickled network of ultralytics, read without running any of its code."""

    name = "ultralytics"
    order = 10
    suffixes = (".pt",)

    def spec(self, path: Path, name: str) -> ModelSpec | None:
        """The model of a checkpoint; None for other torch files.

        Raises DemoError for a file that is broken or unsafe, and for other tasks.
        """
        if not _names_ultralytics(path):
            return None
        found = _read(path)
        kind = _KINDS.get(found.kind)
        if kind is None:
            raise DemoError("own_task", file=path.name, kind=found.kind)
        check_finite(found.state, path.name)
        network = _network(found, path.name, name).eval()
        return own_spec(
            path,
            name=name,
            task=kind.task,
            labels=found.labels,
            architecture=Path(str(found.yaml.get("yaml_file") or found.kind)).stem,
            params=sum(tensor.numel() for tensor in network.parameters()),
            run=kind.run(name, found.labels, _side(found.size or kind.side), network),
        )

    def draft(self, path: Path) -> Draft | None:
        """What the checkpoint says; it needs no description. Raises DemoError as `spec` does."""
        spec = self.spec(path, path.stem)
        return None if spec is None else Draft("", facts(spec))


READER = UltralyticsFile()


def _read(path: Path) -> Checkpoint:
    """Raises DemoError for a file that is broken or unsafe, naming the packages of its objects."""
    try:
        return ultralytics.read_checkpoint(WeightsFile(path, sha256=""))
    except DemoError as error:
        if error.key == "weights_unsafe":
            refused_pickle(path, also=_PACKAGES)
        raise


def _classifier(name: str, labels: tuple[str, ...], side: int, network: nn.Module) -> Run:
    preset = Preprocessing(side, side, "bilinear", (0.0,) * 3, (1.0,) * 3)
    return Run(
        Classifier(name, preset, labels),
        side,
        partial(_load_classifier, name, labels),
        fixed_size=True,
        # `OneOutput` holds the network.
        cam_layers=ultralytics_layers(network, "network."),
    )


def _detector(name: str, labels: tuple[str, ...], side: int, network: Any) -> Run:
    strides = tuple(int(stride) for stride in network.model[-1].stride.tolist())
    return Run(
        Yolo(name, labels, side, strides=strides),
        -(-side // max(strides)) * max(strides),
        partial(_load_detector, name, labels),
        needs_nms=True,
        packs_convolutions=True,
        cam_layers=ultralytics_layers(network),
    )


def _segmenter(name: str, labels: tuple[str, ...], side: int, network: nn.Module) -> Run:
    boxes = _detector(name, labels, side, network)
    assert isinstance(boxes.family, Yolo)
    load = partial(_load_segmenter, name, labels)
    return replace(boxes, family=YoloSegment(boxes.family), network=load)


def _transformer(name: str, labels: tuple[str, ...], side: int, network: nn.Module) -> Run:
    layout = Layout(by_class=False, normalised=True)
    family = DecodedDetector(name, labels, (side, side), layout, "stretch")
    return Run(family, side, partial(_load_transformer, name, labels))


class _Kind(NamedTuple):
    """A class of networks: its task, the usual side of its input in pixels, how it is run."""

    task: str
    side: int
    run: Callable[[str, tuple[str, ...], int, nn.Module], Run]


_KINDS = {
    "ClassificationModel": _Kind("classify", 224, _classifier),
    "DetectionModel": _Kind("detect", 640, _detector),
    "SegmentationModel": _Kind("segment", 640, _segmenter),
    "RTDETRDetectionModel": _Kind("detect", 640, _transformer),
}
"""By the name of the class in ultralytics."""


class OneOutput(nn.Module):
    """A network of several outputs that answers with one of them alone."""

    def __init__(self, network: nn.Module, number: int) -> None:
        super().__init__()
        self.network = network
        self.number = number

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """N×3×S×S → the output."""
        output: torch.Tensor = self.network(pixels)[self.number]
        return output


def _load_detector(name: str, labels: tuple[str, ...], file: WeightsFile) -> nn.Module:
    network = _read_network(name, labels, file)
    network.model[-1].end2end = False
    network = network.fuse(verbose=False)
    network.model[-1] = UndecodedHead(network.model[-1], nms_free=False)
    return network  # type: ignore[no-any-return]


def _load_segmenter(name: str, labels: tuple[str, ...], file: WeightsFile) -> nn.Module:
    return undecoded(_read_network(name, labels, file), nms_free=False)


def _load_transformer(name: str, labels: tuple[str, ...], file: WeightsFile) -> nn.Module:
    network = _read_network(name, labels, file)
    return OneOutput(network.fuse(verbose=False), 0).eval()


def _load_classifier(name: str, labels: tuple[str, ...], file: WeightsFile) -> nn.Module:
    # Its outputs are the probabilities and the logits.
    network = _read_network(name, labels, file)
    return OneOutput(network.fuse(verbose=False), 1).eval()


def _read_network(name: str, labels: tuple[str, ...], file: WeightsFile) -> Any:
    """The network of a file. Raises DemoError where it has become one of other classes."""
    found = ultralytics.read_checkpoint(file)
    if found.labels != labels:
        raise DemoError("weights_changed", file=file.path.name)
    return _network(found, file.path.name, name).eval()


def _network(found: Checkpoint, file: str, name: str) -> Any:
    """The network of a checkpoint: built from its description, with its tensors.

    Raises DemoError where the description is not one of ultralytics', or the tensors do not fit.
    """
    if not is_sane(found.yaml):
        raise DemoError("own_description", file=file)
    try:
        with ultralytics.building() as modules:
            # First without memory: a description may be of a network of any size.
            with torch.device("meta"):
                layers, _ = modules.parse_model(copy.deepcopy(found.yaml), 3, verbose=False)
            shapes = {f"model.{key}": tensor.shape for key, tensor in layers.state_dict().items()}
            if any(found.state[key].shape != shape for key, shape in shapes.items()):
                raise DemoError("own_description", file=file)
            kind = getattr(modules, found.kind)
            network = kind(copy.deepcopy(found.yaml), nc=len(found.labels), verbose=False)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError):
        raise DemoError("own_description", file=file) from None
    fill(network, found.state, WeightsFile(Path(file), sha256=""), name)
    return network


def _names_ultralytics(path: Path) -> bool:
    """Whether a torch file names classes of ultralytics."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [one for one in archive.infolist() if one.filename.endswith("data.pkl")]
            return any(b"ultralytics" in archive.read(part) for part in parts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False


def _side(size: int) -> int:
    """A side that the network takes: a multiple of 32, at most 1280."""
    return max(32, min(size, _LARGEST_SIDE) // 32 * 32)
