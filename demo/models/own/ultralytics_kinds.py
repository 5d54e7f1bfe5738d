"""How each kind of network of ultralytics is run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from demo.models.classifier import Classifier, Preprocessing
from demo.models.coco_pose import SKELETON
from demo.models.coco_rtdetr import LAYOUT
from demo.models.decoded_detector import DecodedDetector
from demo.models.feature_maps import ultralytics_layers
from demo.models.own.base import Run
from demo.models.own.ultralytics_network import read_network
from demo.models.spec import Family, WeightsFile
from demo.models.ultralytics import Checkpoint, undecoded
from demo.models.yolo import Yolo
from demo.models.yolo_obb import YoloObb
from demo.models.yolo_pose import YoloPose
from demo.models.yolo_segment import YoloSegment
from demo.results.poses import Skeleton

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of networks: its task, the usual side of its input in pixels, how it is run."""

    task: str
    side: int
    run: "Callable[[str, Checkpoint, int, nn.Module], Run]"


def _classifier(name: str, found: Checkpoint, side: int, network: "nn.Module") -> Run:
    labels = found.labels
    preset = Preprocessing(side, side, "bilinear", (0.0,) * 3, (1.0,) * 3)
    return Run(
        Classifier(name, preset, labels),
        side,
        partial(_load_classifier, name, labels),
        fixed_size=True,
        # `OneOutput` holds the network.
        cam_layers=ultralytics_layers(network, "network."),
    )


def _detector(name: str, found: Checkpoint, side: int, network: Any) -> Run:
    from demo.models.networks.yolo_head import UndecodedHead

    labels = found.labels
    strides = tuple(int(stride) for stride in network.model[-1].stride.tolist())
    return Run(
        Yolo(name, labels, side, strides=strides),
        -(-side // max(strides)) * max(strides),
        partial(_load_undecoded, UndecodedHead, name, labels),
        needs_nms=True,
        packs_convolutions=True,
        cam_layers=ultralytics_layers(network),
    )


def _segmenter(name: str, found: Checkpoint, side: int, network: "nn.Module") -> Run:
    from demo.models.networks.segment_head import UndecodedSegmentHead

    boxes = _detector(name, found, side, network)
    load = partial(_load_undecoded, UndecodedSegmentHead, name, found.labels)
    # A mask is explained by its box.
    return replace(_with_head(boxes, YoloSegment, load), cam_layers=boxes.cam_layers)


def _pose(name: str, found: Checkpoint, side: int, network: Any) -> Run:
    from demo.models.networks.pose_head import UndecodedPoseHead

    skeleton = _skeleton(found.keypoints, int(network.model[-1].kpt_shape[0]))
    return _with_head(
        _detector(name, found, side, network),
        partial(YoloPose, skeleton=skeleton),
        partial(_load_undecoded, UndecodedPoseHead, name, found.labels),
    )


def _oriented(name: str, found: Checkpoint, side: int, network: "nn.Module") -> Run:
    from demo.models.networks.oriented_head import UndecodedOrientedHead

    return _with_head(
        _detector(name, found, side, network),
        YoloObb,
        partial(_load_undecoded, UndecodedOrientedHead, name, found.labels),
    )


def _with_head(
    boxes: Run, family: Callable[[Yolo], Family], load: "Callable[[WeightsFile], nn.Module]"
) -> Run:
    """How a detector is run whose head finds more than boxes.

    Its maps are those of a detector, but nothing asks for explanations of what else it finds.
    """
    assert isinstance(boxes.family, Yolo)
    return replace(boxes, family=family(boxes.family), network=load, cam_layers=())


def _skeleton(names: tuple[str, ...], count: int) -> Skeleton:
    """The keypoints of a checkpoint; 17 of no names are those of COCO, as in ultralytics."""
    numbers = tuple(map(str, range(count)))
    if len(names) != count:
        names = numbers
    coco = len(SKELETON.names) == count and names in (numbers, SKELETON.names)
    return SKELETON if coco else Skeleton(names)


def _transformer(name: str, found: Checkpoint, side: int, network: "nn.Module") -> Run:
    labels = found.labels
    family = DecodedDetector(name, labels, (side, side), LAYOUT, "stretch")
    return Run(family, side, partial(_load_transformer, name, labels))


def _load_undecoded(
    head: "Callable[[nn.Module, bool], nn.Module]",
    name: str,
    labels: tuple[str, ...],
    file: WeightsFile,
) -> "nn.Module":
    network = read_network(name, labels, file)
    return undecoded(network, False, head)  # type: ignore[no-any-return]


def _load_transformer(name: str, labels: tuple[str, ...], file: WeightsFile) -> "nn.Module":
    from demo.models.networks.one_output import OneOutput

    network = read_network(name, labels, file)
    return OneOutput(network.fuse(verbose=False), 0).eval()


def _load_classifier(name: str, labels: tuple[str, ...], file: WeightsFile) -> "nn.Module":
    # Its outputs are the probabilities and the logits.
    from demo.models.networks.one_output import OneOutput

    network = read_network(name, labels, file)
    return OneOutput(network.fuse(verbose=False), 1).eval()


KINDS = {
    "ClassificationModel": Kind("classify", 224, _classifier),
    "DetectionModel": Kind("detect", 640, _detector),
    "SegmentationModel": Kind("segment", 640, _segmenter),
    "PoseModel": Kind("pose", 640, _pose),
    "OBBModel": Kind("obb", 1024, _oriented),
    "RTDETRDetectionModel": Kind("detect", 640, _transformer),
}
"""By the name of the class in ultralytics."""
