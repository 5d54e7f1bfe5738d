"""A small detector: EfficientNet-Lite0, a path aggregation neck, ultralytics' detection head."""

from typing import Any

import torch
from torch import Tensor, nn

from demo.models import ultralytics
from demo.models.efficientnet_scales import SCALES
from demo.models.networks.efficientnet_lite import Backbone, fold_norms

CHANNELS = (64, 96, 128)
"""Of the neck's maps of strides 8, 16 and 32."""
STRIDES = (8, 16, 32)
BINS = 10
"""Of the distribution of each distance: boxes of up to 2 · 9 · 32 = 576 pixels."""


class LiteDetector(nn.Module):
    """Takes N×3×H×W float RGB in 0–1, H and W multiples of 32; gives what the head gives.

    In training that is a dict: boxes N×(4·BINS)×A, scores N×C×A, feats.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        with ultralytics.building():
            self._build(classes)

    def _build(self, classes: int) -> None:
        from ultralytics.nn.modules import SPPF, C2f, Conv, Detect

        self.backbone = Backbone(SCALES["lite0"])
        small, middle, large = CHANNELS
        inputs = self.backbone.channels
        self.lateral = nn.ModuleList(
            Conv(given, own, 1) for given, own in zip(inputs, CHANNELS, strict=True)
        )
        self.pool = SPPF(large, large)
        self.up = nn.Upsample(scale_factor=2)
        self.down_middle = C2f(large + middle, middle, 1)
        self.down_small = C2f(middle + small, small, 1)
        self.shrink_small = Conv(small, small, 3, 2)
        self.up_middle = C2f(small + middle, middle, 1, True)
        self.shrink_middle = Conv(middle, middle, 3, 2)
        self.up_large = C2f(middle + large, large, 1, True)
        self.detect: Any = Detect(classes, BINS, ch=CHANNELS)
        self.detect.stride = torch.tensor([float(stride) for stride in STRIDES])
        for part in (module for name, module in self.named_children() if name != "backbone"):
            for layer in part.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eps, layer.momentum = 1e-3, 0.03
        self.detect.bias_init()

    def forward(self, pixels: Tensor) -> Any:
        """N×3×H×W → the head's output."""
        return self.detect(self.neck(self.backbone(normalised(pixels))))

    def fused(self) -> "LiteDetector":
        """Itself, in evaluation mode, with its norms folded into its convolutions."""
        from ultralytics.nn.modules import Conv
        from ultralytics.utils.torch_utils import fuse_conv_and_bn

        fold_norms(self.eval())
        for layer in self.modules():
            if isinstance(layer, Conv):
                layer.conv = fuse_conv_and_bn(layer.conv, layer.bn)
                del layer.bn
                layer.forward = layer.forward_fuse
        return self

    def neck(self, maps: list[Tensor]) -> list[Tensor]:
        """The backbone's three maps → the three maps of `CHANNELS` that the head takes."""
        small, middle, large = (lay(x) for lay, x in zip(self.lateral, maps, strict=True))
        large = self.pool(large)
        middle = self.down_middle(torch.cat([self.up(large), middle], 1))
        small = self.down_small(torch.cat([self.up(middle), small], 1))
        middle = self.up_middle(torch.cat([self.shrink_small(small), middle], 1))
        large = self.up_large(torch.cat([self.shrink_middle(middle), large], 1))
        return [small, middle, large]


def normalised(pixels: Tensor) -> Tensor:
    """Values in 0–1 → (x − 127) / 128 of 0–255, what EfficientNet-Lite was trained on."""
    return pixels * (255 / 128) - 127 / 128
