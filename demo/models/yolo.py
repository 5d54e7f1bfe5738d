"""YOLO detectors of ultralytics: letterbox in, candidate boxes in pixels of the upload out."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from demo.letterbox import Letterbox
from demo.models.checkpoint import fill, nbytes
from demo.models.spec import FLOOR, MAX_CANDIDATES, Model, Prepared, WeightsFile
from demo.models.ultra import build, detector_state
from demo.results import Detections, Image


class Yolo:
    """A fused DetectionModel. `nms_free` answers from the one-to-one head, which has no doubles."""

    def __init__(
        self, network: Any, labels: tuple[str, ...], device: torch.device, nms_free: bool = False
    ) -> None:
        network = network.eval().requires_grad_(False)
        network.model[-1].end2end = nms_free
        network = network.fuse(verbose=False)
        self._network = network.to(device, memory_format=torch.channels_last)
        self._labels = labels
        self._device = device
        self._nms_free = nms_free
        self.size_bytes = nbytes(network)

    def preprocess(self, image: Image, size: int) -> Prepared:
        """H×W×3 uint8 RGB → 1×3×h×w in 0–1, the longest side `size`, as YOLO.predict does it."""
        geometry = Letterbox.fit((image.shape[1], image.shape[0]), size)
        seen = geometry.apply(image)
        pixels = np.empty((1, *seen.shape), np.float32)
        np.divide(seen, np.float32(255), out=pixels[0], dtype=np.float32)
        # Permuted, not copied: the tensor is channels-last already, as the network wants it.
        tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        height, width = image.shape[:2]
        return Prepared(tensor, (0.0, 0.0, float(width), float(height)), seen, geometry)

    @torch.inference_mode()
    def forward(self, batch: Tensor) -> Tensor:
        """N×3×h×w float32 CPU → N×(4+C)×A centre boxes and scores, or N×300×6 without doubles."""
        batch = batch.to(self._device, memory_format=torch.channels_last, non_blocking=True)
        return cast(Tensor, self._network(batch)[0]).float().cpu()

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Detections:
        """Each candidate of score ≥ FLOOR with its best class, best first, before suppression."""
        found = _rows(raw[0].numpy()) if self._nms_free else _best_classes(raw[0].numpy())
        order = np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES]
        geometry: Letterbox = prepared.geometry
        return Detections(
            geometry.restore(found.xyxy[order]),
            found.scores[order],
            found.class_ids[order],
            self._labels,
            geometry.size_wh,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Boxes in network pixels, N×4 float32, N float32, N int64."""

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]


def _best_classes(raw: NDArray[np.float32]) -> _Found:
    """(4+C)×A: centre x, y, width, height and one score a class, for each anchor."""
    best = raw[4:].max(axis=0)
    chosen = np.flatnonzero(best >= FLOOR)
    boxes, classes = raw[:4, chosen].T, raw[4:, chosen].argmax(axis=0)
    half = boxes[:, 2:] / 2
    xyxy = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    return _Found(xyxy, best[chosen].clip(0, 1), classes)


def _rows(raw: NDArray[np.float32]) -> _Found:
    """300×6: x0, y0, x1, y1, score, class, for each answer of the NMS-free head."""
    rows = raw[raw[:, 4] >= FLOOR]
    # The head may cross the corners of a box that it does not believe in.
    xyxy = np.concatenate(
        [np.minimum(rows[:, :2], rows[:, 2:4]), np.maximum(rows[:, :2], rows[:, 2:4])], axis=1
    )
    return _Found(xyxy, rows[:, 4].clip(0, 1), rows[:, 5].astype(np.int64))


def load(
    name: str,
    architecture: str,
    labels: tuple[str, ...],
    nms_free: bool,
    file: WeightsFile,
    device: torch.device,
) -> Model:
    """A detector of ultralytics' `<architecture>.yaml` from a checked file.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    state = detector_state(file, labels, name)
    network = build(architecture, len(labels))
    fill(network, state, file, name)
    return Yolo(network, labels, device, nms_free)
