"""YOLO detectors of ultralytics: letterbox in, candidate boxes in pixels of the upload out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.geometry.boxes import iou
from demo.geometry.letterbox import Letterbox, Stretch
from demo.models.card import Card, CardLoader, card_spec
from demo.models.checkpoint import fill, load_state
from demo.models.spec import (
    MAX_CANDIDATES,
    ImageRequest,
    InputView,
    ModelSpec,
    Outputs,
    Prepared,
    Request,
    WeightsFile,
)
from demo.models.target import Target
from demo.models.ultralytics import build, detector_state
from demo.models.yolo_outputs import STRIDES, Grids, anchor_of, pick_best_class, pick_pairs
from demo.results import Detections, Image

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

_RIVAL_IOU = 0.7
CAM_LAYERS = ("model.6", "model.9")
"""Of ultralytics' YOLO 5, 8, 11 and 26: the backbone's maps of strides 16 and 32."""
LITE_CAM_LAYERS = ("backbone.blocks.10", "pool")
"""Of `networks.lite_detector`: likewise."""
LITE = "lite-detector"
"""Name of the architecture of `networks.lite_detector` in a card."""


@dataclass(frozen=True, slots=True)
class Yolo:
    """Preprocessing and postprocessing of a detector, equal to YOLO.predict's.

    size: default longest side of the input, pixels. nms_free: the network's one-to-one head
    answers, whose boxes hold no duplicates. strides: network pixels a cell of each of its maps.
    exclusive: groups of labels of which one thing has only one: see `without_rivals`.
    """

    name: str
    labels: tuple[str, ...]
    size: int
    nms_free: bool = False
    strides: tuple[int, ...] = STRIDES
    exclusive: tuple[tuple[str, ...], ...] = ()

    def preprocess(self, request: Request) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×h×w in 0–1, longest side `request.size` or the default.

        Raises DemoError for a request without a picture.
        """
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name=self.name)
        height, width = request.image.shape[:2]
        stride = max(self.strides)
        size = -(-(request.size or self.size) // stride) * stride
        return fitted(Letterbox.fit((width, height), size, stride), request.image)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
        """1×A×(4·bins+C), see `UndecodedHead` → candidates of score ≥ MIN_SCORE, best first.

        They hold duplicates unless the head is NMS-free.
        """
        return without_rivals(self.find(outputs, prepared)[0], self.exclusive)

    def find(self, outputs: Outputs, prepared: Prepared) -> tuple[Detections, NDArray[np.intp]]:
        """All candidates, rivals too, and the number of the anchor that each is from."""
        geometry = prepared.geometry
        assert isinstance(geometry, Letterbox)
        pick = pick_pairs if self.nms_free else pick_best_class
        grids = Grids(geometry.input_hw, self.strides)
        found = pick(outputs[0][0], grids, len(self.labels))
        answer = Detections(
            geometry.restore(found.xyxy[:MAX_CANDIDATES]),
            found.scores[:MAX_CANDIDATES],
            found.class_ids[:MAX_CANDIDATES],
            self.labels,
            geometry.size_wh,
        )
        return answer, found.anchors[:MAX_CANDIDATES]

    def output_index(self, outputs: Outputs, prepared: Prepared, target: Target) -> tuple[int, ...]:
        """Anchor and class of the target's box, see `Explainable`."""
        geometry, raw = prepared.geometry, outputs[0][0]
        assert isinstance(geometry, Letterbox)
        picture = (0, 0, *geometry.size_wh)
        boxes = geometry.forward(np.array([target.xyxy, picture], np.float32))
        grids = Grids(geometry.input_hw, self.strides)
        anchor = anchor_of(raw, grids, len(self.labels), boxes, target.class_id)
        return anchor, raw.shape[1] - len(self.labels) + target.class_id

    def output_scores(
        self, output: NDArray[np.float32], index: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """N×A×(4·bins+C) → N scores of the anchor for the class, see `Explainable`."""
        logits = output[:, index[0], index[1]].astype(np.float64)
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-logits.clip(-500, 500)))
        return scores


def without_rivals(found: Detections, groups: Sequence[Sequence[str]]) -> Detections:
    """The boxes, best first, but for those that a better one of another label covers.

    Both labels are of one group, such as car and bus, and the overlap is at least `_RIVAL_IOU`.
    """
    kept = np.ones(len(found.scores), bool)
    for group in groups:
        ids = [found.labels.index(label) for label in group]
        members = np.flatnonzero(np.isin(found.class_ids, ids))
        overlap = iou(found.xyxy[members], found.xyxy[members])
        others = found.class_ids[members][:, None] != found.class_ids[members][None, :]
        # Row i is covered by an earlier, hence better, column j.
        covered = np.tril((overlap >= _RIVAL_IOU) & others, -1).any(axis=1)
        kept[members[covered]] = False
    return found if kept.all() else found[kept]


def fitted(geometry: Letterbox | Stretch, image: Image) -> Prepared:
    """H×W×3 uint8 RGB → 1×3×h×w float32 in 0–1, made by the geometry; all of it is seen."""
    network_input = geometry.apply(image)
    pixels = np.empty((1, *network_input.shape), np.float32)
    np.divide(network_input, np.float32(255), out=pixels[0], dtype=np.float32)
    width, height = geometry.size_wh
    view = InputView((0.0, 0.0, float(width), float(height)), network_input, (width, height))
    # Transposed, not copied: the memory is channels-last already, as the network wants it.
    return Prepared(pixels.transpose(0, 3, 1, 2), geometry, view)


def load_network(
    name: str, architecture: str, labels: tuple[str, ...], nms_free: bool, file: WeightsFile
) -> "nn.Module":
    """The fused DetectionModel of ultralytics' `<architecture>.yaml` with an `UndecodedHead`.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    from demo.models.networks.yolo_head import UndecodedHead

    state = detector_state(file, labels, name)
    network = build(architecture, len(labels))
    fill(network, state, file, name)
    network = network.eval()
    network.model[-1].end2end = nms_free
    network = network.fuse(verbose=False)
    network.model[-1] = UndecodedHead(network.model[-1], nms_free)
    return network  # type: ignore[no-any-return]


def load_lite(name: str, labels: tuple[str, ...], file: WeightsFile) -> "nn.Module":
    """The fused LiteDetector with an `UndecodedHead`. Raises DemoError as `load_network` does."""
    from demo.models.networks.lite_detector import LiteDetector
    from demo.models.networks.yolo_head import UndecodedHead

    network = LiteDetector(len(labels))
    fill(network, load_state(file), file, name)
    network = network.fused()
    network.detect = UndecodedHead(network.detect, False)
    return network


def _from_card(card: Card, folder: "Path") -> ModelSpec:
    labels, size = tuple(card.labels), max(card.input_size)

    def network(file: WeightsFile) -> "nn.Module":
        if card.architecture == LITE:
            return load_lite(card.name, labels, file)
        return load_network(card.name, card.architecture, labels, False, file)

    exclusive = tuple(tuple(group) for group in card.exclusive)
    family = Yolo(card.name, labels, size, exclusive=exclusive)
    return card_spec(
        card,
        folder,
        family,
        network,
        needs_nms=True,
        packs_convolutions=True,
        cam_layers=LITE_CAM_LAYERS if card.architecture == LITE else CAM_LAYERS,
    )


FROM_CARD = CardLoader("detect", _from_card)
