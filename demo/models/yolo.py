"""YOLO detectors of ultralytics: letterbox in, candidate boxes in pixels of the upload out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.errors import DemoError
from demo.geometry.letterbox import Letterbox
from demo.models.card import Card, CardLoader, card_spec
from demo.models.checkpoint import fill
from demo.models.networks.yolo_head import UndecodedHead, pick_best_class, pick_pairs
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
from demo.models.ultralytics import build, detector_state
from demo.results import Detections

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn


@dataclass(frozen=True, slots=True)
class Yolo:
    """Preprocessing and postprocessing of a detector, equal to YOLO.predict's.

    size: default longest side of the input, pixels. nms_free: the network's one-to-one head
    answers, whose boxes hold no duplicates.
    """

    name: str
    labels: tuple[str, ...]
    size: int
    nms_free: bool = False

    def preprocess(self, request: Request) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×h×w in 0–1, longest side `request.size` or the default.

        Raises DemoError for a request without a picture.
        """
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name=self.name)
        height, width = request.image.shape[:2]
        geometry = Letterbox.fit((width, height), request.size or self.size)
        network_input = geometry.apply(request.image)
        pixels = np.empty((1, *network_input.shape), np.float32)
        np.divide(network_input, np.float32(255), out=pixels[0], dtype=np.float32)
        # Transposed, not copied: the memory is channels-last already, as the network wants it.
        window = (0.0, 0.0, float(width), float(height))
        view = InputView(window, network_input, (width, height))
        return Prepared(pixels.transpose(0, 3, 1, 2), geometry, view)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
        """1×A×(4·bins+C), see `UndecodedHead` → candidates of score ≥ MIN_SCORE, best first.

        They hold duplicates unless the head is NMS-free.
        """
        geometry = prepared.geometry
        assert isinstance(geometry, Letterbox)
        pick = pick_pairs if self.nms_free else pick_best_class
        found = pick(outputs[0][0], geometry.input_hw, len(self.labels))
        return Detections(
            geometry.restore(found.xyxy[:MAX_CANDIDATES]),
            found.scores[:MAX_CANDIDATES],
            found.class_ids[:MAX_CANDIDATES],
            self.labels,
            geometry.size_wh,
        )


def load_network(
    name: str, architecture: str, labels: tuple[str, ...], nms_free: bool, file: WeightsFile
) -> "nn.Module":
    """The fused DetectionModel of ultralytics' `<architecture>.yaml` with an `UndecodedHead`.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    state = detector_state(file, labels, name)
    network = build(architecture, len(labels))
    fill(network, state, file, name)
    network = network.eval()
    network.model[-1].end2end = nms_free
    network = network.fuse(verbose=False)
    network.model[-1] = UndecodedHead(network.model[-1], nms_free)
    return network  # type: ignore[no-any-return]


def _from_card(card: Card, folder: "Path") -> ModelSpec:
    labels, size = tuple(card.labels), max(card.input_size)

    def network(file: WeightsFile) -> "nn.Module":
        return load_network(card.name, card.architecture, labels, False, file)

    family = Yolo(card.name, labels, size)
    return card_spec(card, folder, family, network, needs_nms=True, packs_convolutions=True)


FROM_CARD = CardLoader("detect", _from_card)
