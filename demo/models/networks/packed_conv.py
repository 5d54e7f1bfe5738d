"""Convolutions in the form that oneDNN runs fastest on a CPU.

The weights are laid out once instead of at every pass, and the activation happens inside the
convolution instead of in a second walk through memory: a third off a YOLO pass. These are the
operators that torch.compile emits; calling them directly costs no compilation.
"""

from typing import TypeGuard, cast

import torch
from torch import Tensor, nn


def packs(device: torch.device) -> bool:
    """Whether this torch has the operators and the device is theirs."""
    return device.type == "cpu" and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class PackedConv(nn.Module):
    """An nn.Conv2d with zero padding, and what follows it; the same numbers up to rounding."""

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
