"""The head of a YOLO that segments: the head of a detector, and what masks are made of."""

import torch
from torch import Tensor, nn

from demo.models.networks.yolo_head import ROUTING, UndecodedHead


class UndecodedSegmentHead(nn.Module):
    """An ultralytics Segment head without its decoding, with three outputs.

    The first is that of `UndecodedHead`, the second N×A×K coefficients of each anchor, the third
    N×K×h×w prototypes at a quarter of the input's size. The sum of the prototypes, each times its
    coefficient, is the logit of a mask. nms_free: use the one-to-one branch of the head.
    """

    def __init__(self, head: nn.Module, nms_free: bool) -> None:
        super().__init__()
        self.boxes = UndecodedHead(head, nms_free)
        branches = head.get_submodule("one2one_cv4" if nms_free else "cv4").children()
        self.coefficients = nn.ModuleList(branches)
        self.prototypes = head.get_submodule("proto")
        # The head of YOLO26 makes its prototypes of all maps, older ones of the first.
        self.of_all_maps = hasattr(self.prototypes, "feat_refine")
        for name in ROUTING:
            if hasattr(head, name):
                setattr(self, name, getattr(head, name))

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Three N×C×h×w maps → boxes, coefficients, prototypes."""
        levels = [
            branch(x).flatten(2).transpose(1, 2)
            for x, branch in zip(features, self.coefficients, strict=True)
        ]
        prototypes = self.prototypes(features if self.of_all_maps else features[0])
        return self.boxes(features), torch.cat(levels, dim=1), prototypes
