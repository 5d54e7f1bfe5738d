"""YOLO segmenters of ultralytics: boxes as their detectors find them, each with its mask."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.models.checkpoint import fill
from demo.models.mask_prototypes import MaskPrototypes
from demo.models.spec import Outputs, Prepared, Request, WeightsFile
from demo.models.target import Target
from demo.models.ultralytics import build, detector_state, undecoded
from demo.models.yolo import Yolo
from demo.results import Detections

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class YoloSegment:
    """Preprocessing and postprocessing, equal to YOLO.predict's with `retina_masks=True`.

    detector: of the boxes.
    """

    detector: Yolo

    def preprocess(self, request: Request) -> Prepared:
        """As `Yolo.preprocess`."""
        return self.detector.preprocess(request)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
        """The outputs of `UndecodedSegmentHead` → candidates, best first, with masks to compute."""
        boxes, coefficients, prototypes = outputs
        found, anchors = self.detector.find((boxes,), prepared)
        chosen = coefficients[0][anchors]
        # The outputs of a batch are parts of one array, which would be kept whole.
        masks = MaskPrototypes(prototypes[0].copy(), chosen, found.xyxy, found.size_wh)
        return replace(found, masks=masks)

    def output_index(self, outputs: Outputs, prepared: Prepared, target: Target) -> tuple[int, ...]:
        """Anchor and class of the box of the target's mask, see `Explainable`."""
        return self.detector.output_index(outputs, prepared, target)

    def output_scores(
        self, output: NDArray[np.float32], index: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """As `Yolo.output_scores`."""
        return self.detector.output_scores(output, index)


def load_segmenter(
    name: str, architecture: str, labels: tuple[str, ...], nms_free: bool, file: WeightsFile
) -> "nn.Module":
    """The fused SegmentationModel of ultralytics' `<architecture>.yaml`, its head undecoded.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    from demo.models.networks.segment_head import UndecodedSegmentHead

    state = detector_state(file, labels, name)
    network = build(architecture, len(labels), "SegmentationModel")
    fill(network, state, file, name)
    return undecoded(network, nms_free, UndecodedSegmentHead)  # type: ignore[no-any-return]
