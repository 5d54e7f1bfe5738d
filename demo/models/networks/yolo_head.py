"""A YOLO head that leaves its decoding to `demo.models.yolo_outputs`."""

import torch
from torch import Tensor, nn

ROUTING = ("f", "i", "type")
"""Attributes by which ultralytics' forward loop routes features between layers."""


class UndecodedHead(nn.Module):
    """An ultralytics Detect head without its decoding.

    Its output is N×A×(4·bins+C): for each anchor, row by row and map by map, the four distances and
    one logit a class. nms_free: use the one-to-one branch of the head.
    """

    def __init__(self, head: nn.Module, nms_free: bool) -> None:
        super().__init__()
        prefix = "one2one_" if nms_free else ""
        self.boxes = nn.ModuleList(head.get_submodule(f"{prefix}cv2").children())
        self.classes = nn.ModuleList(head.get_submodule(f"{prefix}cv3").children())
        for name in ROUTING:
            if hasattr(head, name):
                setattr(self, name, getattr(head, name))

    def forward(self, features: list[Tensor]) -> Tensor:
        """Three N×C×h×w maps → N×A×(4·bins+C)."""
        parts = [
            (box(x), classify(x))
            for x, box, classify in zip(features, self.boxes, self.classes, strict=True)
        ]
        levels = [
            torch.cat([half.permute(0, 2, 3, 1) for half in pair], dim=3).flatten(1, 2)
            for pair in parts
        ]
        return torch.cat(levels, dim=1)
