"""Convolutions in the layout that oneDNN runs fastest on a CPU.

The weights are laid out once instead of at every pass, and the activation is fused into the
convolution instead of a second pass through memory: a YOLO forward pass takes a third less time.
These are the operators that torch.compile emits; calling them directly needs no compilation.
"""

from collections.abc import Callable
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.models.networks.efficientnet_lite import SamePadConv
from demo.models.networks.yolo_head import ROUTING

_BLOCKS = ("Conv", "DWConv")
"""Blocks of ultralytics that are a fused convolution `conv` followed by an activation `act`."""
_ACTIVATIONS: dict[type, tuple[str, list[float]]] = {
    nn.SiLU: ("swish", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.Identity: ("none", []),
}
"""oneDNN's name of an activation, and its numbers."""


def is_supported() -> bool:
    """Whether this build of torch has the oneDNN operators."""
    return hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class PackedConv(nn.Module):
    """An nn.Conv2d with zero padding and its activation; equal to both up to rounding.

    Which layout is the fastest depends on the size of the picture, and oneDNN converts weights in
    another one at every pass: there is one copy of the weights for each layout that was needed.
    """

    def __init__(self, conv: nn.Conv2d, activation: nn.Module | None = None) -> None:
        """activation: nn.SiLU, ReLU, ReLU6 or Identity; None is Identity."""
        super().__init__()
        same = isinstance(conv, SamePadConv)
        padding = [side // 2 for side in conv.kernel_size] if same else conv.padding
        self._geometry = list(padding), list(conv.stride), list(conv.dilation), conv.groups
        weight = conv.weight.detach()
        self._weight: Tensor = self._packed(weight, None)
        self._unshifted = weight if same and conv.stride[0] > 1 else None
        self._by_size: dict[tuple[int, ...], Tensor] = {}
        self._bias = None if conv.bias is None else conv.bias.detach()
        self._activation = _ACTIVATIONS[type(activation or nn.Identity())]

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w float32, channels-last for speed."""
        weight = self._by_size.get(tuple(x.shape))
        if weight is None:
            weight = self._weight_for(x)
        name, numbers = self._activation
        answer: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, weight, self._bias, *self._geometry, name, numbers, ""
        )
        return answer

    def _weight_for(self, x: Tensor) -> Tensor:
        """The copy of the weights in the layout for inputs as large as `x`."""
        source = self._weight
        if self._unshifted is not None:
            # With a stride of 2 and an even side, SAME begins one pixel later than this padding.
            rows, columns = (1 - side % 2 for side in x.shape[2:])
            source = F.pad(self._unshifted, (columns, 0, rows, 0))
        weight = self._packed(source, list(x.shape))
        layout = _layout(weight)
        known = (self._weight, *self._by_size.values())
        # The layout states the sides of the kernel, too.
        kept = next((other for other in known if torch.equal(_layout(other), layout)), weight)
        if len(self._by_size) >= _MAX_SIZES:
            self._by_size.pop(next(iter(self._by_size)))
        self._by_size[tuple(x.shape)] = kept
        return kept

    def _packed(self, weight: Tensor, size: list[int] | None) -> Tensor:
        reorder: Callable[..., Tensor] = torch._C._nn.mkldnn_reorder_conv2d_weight
        plain = weight if weight.is_mkldnn else weight.to_mkldnn()
        return reorder(plain, *self._geometry, size)


_MAX_SIZES = 32
"""Sizes of inputs whose layout a convolution remembers."""


def _layout(weight: Tensor) -> Tensor:
    description: Tensor = torch.ops.mkldnn._get_mkldnn_serialized_md(weight)
    return description


def packable(layer: object) -> TypeGuard[nn.Conv2d]:
    """Whether PackedConv computes what this layer computes."""
    if type(layer) is SamePadConv:
        return True
    return type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and layer.padding != "same"


def pack_convolutions(network: nn.Module) -> None:
    """Replace fused blocks and plain convolutions by PackedConv, in place.

    Blocks are ultralytics' of a convolution and an activation, and an nn.Sequential of both.
    """
    for name, layer in network.named_children():
        conv, activation = _block(layer)
        if conv is not None:
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


def _block(layer: nn.Module) -> tuple[nn.Conv2d | None, nn.Module | None]:
    """The convolution and the activation that a layer consists of; None where it is none such."""
    if type(layer).__name__ in _BLOCKS:
        conv, activation = getattr(layer, "conv", None), getattr(layer, "act", None)
    elif isinstance(layer, nn.Sequential) and len(layer) == 2:
        conv, activation = layer
    else:
        return None, None
    known = packable(conv) and type(activation) in _ACTIVATIONS
    return (conv, activation) if known else (None, None)
