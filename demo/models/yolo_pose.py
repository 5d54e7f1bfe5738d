"""YOLO networks of ultralytics that find boxes, as their detectors do, and keypoints of each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.geometry.letterbox import Letterbox
from demo.models.checkpoint import fill
from demo.models.spec import Outputs, Prepared, Request, WeightsFile
from demo.models.ultralytics import build, detector_state, undecoded
from demo.models.yolo import Yolo
from demo.models.yolo_outputs import Grids, anchor_centres, sigmoid
from demo.results.poses import Poses, Skeleton

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class YoloPose:
    """Preprocessing and postprocessing, equal to YOLO.predict's.

    detector: of the boxes. skeleton: of the keypoints.
    """

    detector: Yolo
    skeleton: Skeleton

    def preprocess(self, request: Request) -> Prepared:
        """As `Yolo.preprocess`."""
        return self.detector.preprocess(request)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Poses:
        """The outputs of `UndecodedPoseHead` → candidates, best first, with their keypoints."""
        boxes, keypoints = outputs
        found, anchors = self.detector.find((boxes,), prepared)
        geometry = prepared.geometry
        assert isinstance(geometry, Letterbox)
        centres, strides = anchor_centres(anchors, Grids(geometry.input_hw, self.detector.strides))
        chosen = keypoints[0][anchors]
        places = (chosen[:, :, :2] + centres[:, None]) * strides[:, None, None]
        upload, scores = geometry.restore_points(places), sigmoid(chosen[:, :, 2:])
        return Poses(
            found.xyxy,
            found.scores,
            found.class_ids,
            found.labels,
            found.size_wh,
            keypoints=np.concatenate([upload, scores], axis=2),
            skeleton=self.skeleton,
        )


def load_pose(
    name: str, architecture: str, labels: tuple[str, ...], nms_free: bool, file: WeightsFile
) -> "nn.Module":
    """The fused PoseModel of ultralytics' `<architecture>.yaml`, its head undecoded.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    from demo.models.networks.pose_head import UndecodedPoseHead

    state = detector_state(file, labels, name)
    network = build(architecture, len(labels), "PoseModel")
    fill(network, state, file, name)
    return undecoded(network, nms_free, UndecodedPoseHead)  # type: ignore[no-any-return]
