"""YOLO detectors of ultralytics: letterbox in, candidate boxes in pixels of the upload out."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from demo.geometry.letterbox import Letterbox
from demo.models.checkpoint import fill, nbytes
from demo.models.networks.packed_conv import PackedConv, packable, packs
from demo.models.networks.yolo_head import LINKS, Maps, best_classes, without_doubles
from demo.models.spec import MAX_CANDIDATES, Model, Prepared, WeightsFile
from demo.models.ultralytics import build, detector_state
from demo.results import Detections, Image

_BLOCKS = ("Conv", "DWConv")
_ACTIVATIONS: dict[type, str] = {nn.SiLU: "swish", nn.Identity: "none"}


class Yolo:
    """A fused DetectionModel. `nms_free` answers from the one-to-one head, which has no doubles."""

    def __init__(
        self, network: Any, labels: tuple[str, ...], device: torch.device, nms_free: bool = False
    ) -> None:
        network = network.eval().requires_grad_(False)
        network.model[-1].end2end = nms_free
        network = network.fuse(verbose=False).to(device, memory_format=torch.channels_last)
        network.model[-1] = Maps(network.model[-1], nms_free)
        self.size_bytes = nbytes(network)
        if packs(device):
            _pack(network)
        self._network = network
        self._labels = labels
        self._device = device
        self._nms_free = nms_free

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
        """N×3×h×w float32 CPU → N×A×(4·bins+C) float32 on the CPU, see `Maps`."""
        batch = batch.to(self._device, memory_format=torch.channels_last, non_blocking=True)
        return cast(Tensor, self._network(batch)).float().cpu()

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Detections:
        """Candidates of score ≥ FLOOR, best first; with doubles unless the head is NMS-free."""
        pick = without_doubles if self._nms_free else best_classes
        height, width = prepared.seen.shape[:2]
        found = pick(raw[0].numpy(), (height, width), len(self._labels))
        geometry: Letterbox = prepared.geometry
        return Detections(
            geometry.restore(found.xyxy[:MAX_CANDIDATES]),
            found.scores[:MAX_CANDIDATES],
            found.class_ids[:MAX_CANDIDATES],
            self._labels,
            geometry.size_wh,
        )


def _pack(network: nn.Module) -> None:
    """Replace ultralytics' fused blocks (`conv`, then `act`) and plain convolutions, in place."""
    for name, layer in network.named_children():
        activation = _ACTIVATIONS.get(type(getattr(layer, "act", None)))
        conv = getattr(layer, "conv", None)
        if type(layer).__name__ in _BLOCKS and activation and packable(conv):
            packed = PackedConv(conv, activation)
        elif packable(layer):
            packed = PackedConv(layer)
        else:
            _pack(layer)
            continue
        for fact in LINKS:
            if hasattr(layer, fact):
                setattr(packed, fact, getattr(layer, fact))
        setattr(network, name, packed)


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
