"""Segmenters of ONNX files: boxes that the network decodes itself, each with its mask."""

from dataclasses import dataclass, replace

from demo.models.decoded_detector import DecodedDetector
from demo.models.mask_prototypes import MaskPrototypes
from demo.models.spec import Outputs, Prepared, Request
from demo.results import Detections


@dataclass(frozen=True, slots=True)
class DecodedSegmenter:
    """Preprocessing and postprocessing, equal to ultralytics' with `retina_masks=True`.

    detector: of the boxes, which are the first numbers of the first output.
    """

    detector: DecodedDetector

    def preprocess(self, request: Request) -> Prepared:
        """As `DecodedDetector.preprocess`."""
        return self.detector.preprocess(request)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
        """Boxes with K coefficients behind them, and 1×K×h×w prototypes → candidates with masks."""
        rows, prototypes = outputs[0], outputs[1][0].copy()
        kinds = len(prototypes)
        columns = self.detector.layout.columns
        boxes = rows[:, :-kinds] if columns else rows[:, :, :-kinds]
        found, places = self.detector.find((boxes,), prepared)
        chosen = (rows[0].T if columns else rows[0])[places, -kinds:]
        masks = MaskPrototypes(prototypes, chosen, found.xyxy, found.size_wh)
        return replace(found, masks=masks)
