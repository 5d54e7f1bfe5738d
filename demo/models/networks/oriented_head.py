"""The head of a YOLO whose boxes are turned: the head of a detector, and the angle of each box."""

import math

import torch
from torch import Tensor, nn

from demo.models.networks.yolo_head import ROUTING, UndecodedHead


class UndecodedOrientedHead(nn.Module):
    """An ultralytics OBB head without its decoding, with two outputs.

    The first is that of `UndecodedHead`, the second N×A angles in radians. nms_free: use the
    one-to-one branch of the head.
    """

    def __init__(self, head: nn.Module, nms_free: bool) -> None:
        super().__init__()
        self.boxes = UndecodedHead(head, nms_free)
        branches = head.get_submodule("one2one_cv4" if nms_free else "cv4").children()
        self.angles = nn.ModuleList(branches)
        # The head of YOLO26 states angles, older ones a share of a half turn.
        self.in_radians = type(head).__name__ == "OBB26"
        for name in ROUTING:
            if hasattr(head, name):
                setattr(self, name, getattr(head, name))

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Three N×C×h×w maps → boxes, angles."""
        levels = [branch(x).flatten(1) for x, branch in zip(features, self.angles, strict=True)]
        angles = torch.cat(levels, dim=1)
        if not self.in_radians:
            angles = (angles.sigmoid() - 0.25) * math.pi
        return self.boxes(features), angles
