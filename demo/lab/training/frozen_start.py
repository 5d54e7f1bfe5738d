"""A detector of which the first layers do not learn, and how it runs fast on a CPU."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from demo.models.networks.efficientnet_lite import Backbone, fold_norms
from demo.models.networks.lite_detector import LiteDetector, normalised

FROZEN_BLOCKS = 5
"""Of the backbone: up to the map of stride 8. With the stem they do not learn."""
_TOGETHER = 4
"""Pictures whose maps stay in the processor's caches."""


def freeze_start(model: LiteDetector) -> None:
    """Exclude the first layers from learning."""
    for part in (model.backbone.stem, *model.backbone.blocks[:FROZEN_BLOCKS]):
        part.requires_grad_(False)


def set_training(model: LiteDetector) -> None:
    """Training mode, but for the norms of the first layers."""
    model.train()
    for part in (model.backbone.stem, *model.backbone.blocks[:FROZEN_BLOCKS]):
        part.eval()


class FrozenStart(nn.Module):
    """Stem and first blocks of a backbone, which do not learn: their norms are folded in.

    A few pictures at a time stay in the processor's caches: a fifth of the time for the same maps.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        parts = [backbone.stem, *backbone.blocks[:FROZEN_BLOCKS]]
        self.parts = nn.Sequential(*copy.deepcopy(parts)).eval().requires_grad_(False)
        fold_norms(self)

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> Tensor:
        """N×3×S×S uint8 → the map of stride 8."""
        return torch.cat([self._part(part) for part in torch.split(pixels, _TOGETHER)])

    def _part(self, pixels: Tensor) -> Tensor:
        inputs = normalised(pixels.float() / 255).contiguous(memory_format=torch.channels_last)
        answer: Tensor = self.parts(inputs)
        return answer


def raw_prediction(model: LiteDetector, start: FrozenStart, pixels: Tensor) -> dict[str, Any]:
    """N×3×S×S uint8 → the head's raw output, float32; most of it is computed in bfloat16."""
    backbone = model.backbone
    x = start(pixels)
    maps = [x]
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        for number, block in enumerate(backbone.blocks[FROZEN_BLOCKS:], FROZEN_BLOCKS):
            x = block(x)
            if number in backbone.feature_blocks[1:]:
                maps.append(x)
        raw = model.detect(model.neck(maps))
    return {
        "boxes": raw["boxes"].float(),
        "scores": raw["scores"].float(),
        "feats": raw["feats"],
    }


def float32_depthwise(model: nn.Module) -> None:
    """Keep depthwise convolutions out of bfloat16, whose backward pass is 3 to 5 times as slow."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.groups > 1:
            layer.forward = _in_float32(layer)  # type: ignore[method-assign]


def _in_float32(layer: nn.Conv2d) -> Any:
    plain = layer.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return plain(x.float())

    return forward
