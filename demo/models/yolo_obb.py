"""YOLO networks of ultralytics whose boxes are turned."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.geometry.letterbox import Letterbox
from demo.geometry.rotated_boxes import oriented
from demo.models.checkpoint import fill
from demo.models.spec import Outputs, Prepared, Request, WeightsFile
from demo.models.ultralytics import build, detector_state, undecoded
from demo.models.yolo import Yolo
from demo.models.yolo_outputs import Grids, anchor_centres, distances
from demo.results.oriented_boxes import OrientedBoxes

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class YoloObb:
    """Preprocessing and postprocessing, equal to YOLO.predict's.

    detector: of the same boxes as they were before they are turned.
    """

    detector: Yolo

    def preprocess(self, request: Request) -> Prepared:
        """As `Yolo.preprocess`."""
        return self.detector.preprocess(request)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> OrientedBoxes:
        """The outputs of `UndecodedOrientedHead` → candidates, best first.

        They hold duplicates unless the head is NMS-free.
        """
        raw, angles = outputs
        found, anchors = self.detector.find((raw,), prepared)
        geometry = prepared.geometry
        assert isinstance(geometry, Letterbox)
        centres, strides = anchor_centres(anchors, Grids(geometry.input_hw, self.detector.strides))
        sides = distances(raw[0], anchors, len(found.labels))
        angle = angles[0][anchors]
        # The centre of the box lies half of the difference of its sides from the anchor, turned.
        x, y = (sides[:, 2:] - sides[:, :2]).T / 2
        cos, sin = np.cos(angle), np.sin(angle)
        turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)
        # A sum of distances may be negative, which turns the box by half a turn.
        size = np.abs(sides[:, :2] + sides[:, 2:])
        network = np.concatenate([centres + turned, size], axis=1) * strides[:, None]
        xywhr = geometry.restore_rotated(np.concatenate([network, angle[:, None]], axis=1))
        return oriented(xywhr, found.scores, found.class_ids, found.labels, found.size_wh)


def load_oriented(
    name: str, architecture: str, labels: tuple[str, ...], nms_free: bool, file: WeightsFile
) -> "nn.Module":
    """The fused OBBModel of ultralytics' `<architecture>.yaml`, its head undecoded.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    from demo.models.networks.oriented_head import UndecodedOrientedHead

    state = detector_state(file, labels, name)
    network = build(architecture, len(labels), "OBBModel")
    fill(network, state, file, name)
    return undecoded(network, nms_free, UndecodedOrientedHead)  # type: ignore[no-any-return]
