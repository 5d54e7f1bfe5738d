"""The head of a YOLO that finds keypoints: the head of a detector, and keypoints of each box."""

import torch
from torch import Tensor, nn

from demo.models.networks.yolo_head import ROUTING, UndecodedHead


class UndecodedPoseHead(nn.Module):
    """An ultralytics Pose head without its decoding, with two outputs.

    The first is that of `UndecodedHead`, the second N×A×K×3: for each anchor and keypoint x and y
    in cells from the anchor, and the logit of its score, which is ∞ where the network knows no
    scores. nms_free: use the one-to-one branch of the head.
    """

    def __init__(self, head: nn.Module, nms_free: bool) -> None:
        super().__init__()
        self.boxes = UndecodedHead(head, nms_free)
        prefix = "one2one_" if nms_free else ""
        branches = list(head.get_submodule(f"{prefix}cv4").children())
        # The head of YOLO26 shares its first layers with a part that only training uses, and states
        # keypoints in cells; older ones in half cells from the corner before the anchor.
        self.in_cells = hasattr(head, "cv4_kpts")
        if self.in_cells:
            ends = head.get_submodule(f"{prefix}cv4_kpts").children()
            branches = [nn.Sequential(*pair) for pair in zip(branches, ends, strict=True)]
        self.keypoints = nn.ModuleList(branches)
        # How many, and the numbers of each: 2 without a score, else 3.
        self.shape: tuple[int, int] = tuple(head.kpt_shape)  # type: ignore[arg-type]
        for name in ROUTING:
            if hasattr(head, name):
                setattr(self, name, getattr(head, name))

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Three N×C×h×w maps → boxes, keypoints."""
        levels = [
            branch(x).flatten(2).transpose(1, 2)
            for x, branch in zip(features, self.keypoints, strict=True)
        ]
        rows = torch.cat(levels, dim=1)
        points = rows.reshape(*rows.shape[:2], *self.shape)
        places, logits = points[..., :2], points[..., 2:]
        if not self.in_cells:
            places = places * 2 - 0.5
        if self.shape[1] < 3:
            logits = torch.full_like(points[..., :1], torch.inf)
        return self.boxes(features), torch.cat([places, logits], dim=3)
