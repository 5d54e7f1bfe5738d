"""EfficientNet-Lite: without squeeze and excitation, with ReLU6.

Tan and Le 2019, arXiv:1905.11946, in TensorFlow's Lite variant; the stem and the head are of the
same width in every size.
"""

import math
import re
from collections.abc import Iterable, Mapping

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from demo.models.efficientnet_scales import SCALES, Scale

_STEM, _HEAD = 32, 1280
_STAGES = (
    # expansion, kernel, stride, channels, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_FEATURE_STAGES = (2, 4, 6)
"""Last stages of strides 8, 16 and 32."""
_EPSILON, _MOMENTUM = 1e-3, 0.01


class SamePadConv(nn.Conv2d):
    """A convolution padded as TensorFlow's `SAME`: an odd pixel goes to the bottom and right."""

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×⌈H/stride⌉×⌈W/stride⌉."""
        if self.stride[0] == 1:
            pad = self.kernel_size[0] // 2
            return F.conv2d(x, self.weight, self.bias, 1, pad, 1, self.groups)
        x = same_padded(x, self.kernel_size[0], self.stride[0])
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


def same_padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """N×C×H×W with the border of zeros that gives ⌈H/stride⌉×⌈W/stride⌉ outputs."""
    # In whole numbers throughout, so that a network traced for any size computes it for each.
    rows, columns = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:])
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


class Block(nn.Module):
    """An inverted bottleneck (Sandler et al. 2018): expand, depthwise, project, add the input."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.expand = _conv_norm(inputs, middle, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _conv_norm(middle, middle, kernel, stride, middle)
        self.project = _conv_norm(middle, outputs, 1, activation=False)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """N×inputs×H×W → N×outputs×⌈H/stride⌉×⌈W/stride⌉."""
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return out + x if self.adds else out


class Backbone(nn.Module):
    """Stem and blocks. channels: of the maps of strides 8, 16 and 32."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.stem = _conv_norm(3, _STEM, 3, 2)
        self.blocks = nn.ModuleList()
        self.feature_blocks: list[int] = []
        self.channels: list[int] = []
        inputs = _STEM
        for number, (expansion, kernel, stride, channels, count) in enumerate(_STAGES):
            outputs = _rounded(channels * scale.width)
            # The first and the last stage have one block in every size.
            repeats = count if number in (0, len(_STAGES) - 1) else math.ceil(count * scale.depth)
            for first in (True, *(False,) * (repeats - 1)):
                step = stride if first else 1
                self.blocks.append(Block(inputs, outputs, expansion, kernel, step))
                inputs = outputs
            if number in _FEATURE_STAGES:
                self.feature_blocks.append(len(self.blocks) - 1)
                self.channels.append(outputs)

    def forward(self, x: Tensor) -> list[Tensor]:
        """N×3×H×W in −1…1 → maps of strides 8, 16 and 32."""
        x = self.stem(x)
        maps = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self.feature_blocks:
                maps.append(x)
        return maps


class EfficientNetLite(nn.Module):
    """The classifier: N×3×S×S float RGB, (x − 127) / 128 of 0–255, to N×classes logits."""

    def __init__(self, size: str, classes: int = 1000) -> None:
        super().__init__()
        self.backbone = Backbone(SCALES[size])
        self.head = _conv_norm(self.backbone.channels[-1], _HEAD, 1)
        self.classify = nn.Linear(_HEAD, classes)

    def forward(self, x: Tensor) -> Tensor:
        """N×3×S×S → N×classes logits."""
        logits: Tensor = self.classify(self.features(x))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """N×3×S×S → N×1280, the mean of the last map."""
        features: Tensor = self.head(self.backbone(x)[-1]).mean((2, 3))
        return features


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors (`_blocks.3._depthwise_conv.weight`) by the names of these modules."""
    return dict(_renamed(state.items()))


def _renamed(items: Iterable[tuple[str, Tensor]]) -> Iterable[tuple[str, Tensor]]:
    for name, tensor in items:
        block = re.fullmatch(r"_blocks\.(\d+)\._(\w+)\.(\w+)", name)
        if block is None:
            module, _, tail = name.partition(".")
            if module in _OUTER:
                yield f"{_OUTER[module]}.{tail}", tensor
            continue
        number, module, tail = block.groups()
        # A block without expansion starts to count its norms at the depthwise convolution.
        yield f"backbone.blocks.{number}.{_INNER[module]}.{tail}", tensor


_OUTER = {
    "_conv_stem": "backbone.stem.0",
    "_bn0": "backbone.stem.1",
    "_conv_head": "head.0",
    "_bn1": "head.1",
    "_fc": "classify",
}
_INNER = {
    "expand_conv": "expand.0",
    "bn0": "expand.1",
    "depthwise_conv": "depthwise.0",
    "bn1": "depthwise.1",
    "project_conv": "project.0",
    "bn2": "project.1",
}


def _conv_norm(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    activation: bool = True,
) -> nn.Sequential:
    conv = SamePadConv(inputs, outputs, kernel, stride, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, _EPSILON, _MOMENTUM)
    return nn.Sequential(conv, norm, *([nn.ReLU6(inplace=True)] if activation else []))


def _rounded(channels: float) -> int:
    """To a multiple of 8, never below 90 %."""
    whole = max(8, int(channels + 4) // 8 * 8)
    return whole + 8 if whole < 0.9 * channels else whole


def fold_norms(network: nn.Module) -> None:
    """Fold the norms of a network in evaluation mode into its convolutions, in place."""
    for name, layer in network.named_children():
        parts = list(layer.children()) if isinstance(layer, nn.Sequential) else []
        conv, norm = parts[:2] if len(parts) > 1 else (None, None)
        if isinstance(conv, SamePadConv) and isinstance(norm, nn.BatchNorm2d):
            setattr(network, name, nn.Sequential(fuse_conv_bn_eval(conv, norm), *parts[2:]))
        else:
            fold_norms(layer)
