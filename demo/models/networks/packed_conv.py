"""Convolutions in the layout that oneDNN runs fastest on a CPU.

The weights are laid out once instead of at every pass, and the activation is fused into the
convolution instead of a second pass through memory: a YOLO forward pass takes a third less time.
These are the operators that torch.compile emits; calling them directly needs no compilation.
"""

from typing import TypeGuard, cast

import torch
from torch import Tensor, nn

from demo.models.networks.yolo_head import ROUTING

_BLOCKS = ("Conv", "DWConv")
"""Blocks of ultralytics that are a fused convolution `conv` followed by an activation `act`."""
_ACTIVATIONS: dict[type, str] = {nn.SiLU: "swish", nn.Identity: "none"}


def is_supported() -> bool:
    """Whether this build of torch has the oneDNN operators."""
    return hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class PackedConv(nn.Module):
    """An nn.Conv2d with zero padding and its activation; equal to both up to rounding."""

    def __init__(self, conv: nn.Conv2d, activation: str = "none") -> None:
        """activation: `none`, `swish` (SiLU) or `relu`."""
        super().__init__()
        padding, stride = list(cast(tuple[int, int], conv.padding)), list(conv.stride)
        self._geometry = padding, stride, list(conv.dilation), conv.groups
        weight = conv.weight.detach().to_mkldnn()
        self._weight: Tensor = torch._C._nn.mkldnn_reorder_conv2d_weight(weight, *self._geometry)
        self._bias = None if conv.bias is None else conv.bias.detach()
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w float32, channels-last for speed."""
        answer: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, *self._geometry, self._activation, [], ""
        )
        return answer


def packable(layer: object) -> TypeGuard[nn.Conv2d]:
    """Whether PackedConv computes what this layer computes."""
    return type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and layer.padding != "same"


def pack_convolutions(network: nn.Module) -> None:
    """Replace ultralytics' fused blocks and plain convolutions by PackedConv, in place."""
    for name, layer in network.named_children():
        activation = _ACTIVATIONS.get(type(getattr(layer, "act", None)))
        conv = getattr(layer, "conv", None)
        if type(layer).__name__ in _BLOCKS and activation and packable(conv):
            packed = PackedConv(conv, activation)
        elif packable(layer):
            packed = PackedConv(layer)
        else:
            pack_convolutions(layer)
            continue
        for attribute in ROUTING:
            if hasattr(layer, attribute):
                setattr(packed, attribute, getattr(layer, attribute))
        setattr(network, name, packed)
