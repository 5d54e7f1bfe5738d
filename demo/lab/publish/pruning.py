"""Structured pruning: removal of the inner channels of a residual block that do the least.

The channels between two convolutions of a block can be removed without touching the width of the
residual stream (Li et al. 2017, arXiv:1608.08710). What is lost is measured on pictures: each
channel's part in the block's output varies over pictures and positions; the mean of the removed
parts is a constant, which the running mean of the following batch norm takes over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.models.networks.classifiers import ConvNorm


@dataclass(frozen=True, slots=True, eq=False)
class PatchMoments:
    """Moments of the 3×3 patches that a convolution reads, over pictures and positions.

    mean: C×9 float64. covariance: C×9×9 float64, of each channel by itself.
    """

    mean: Tensor
    covariance: Tensor


@torch.inference_mode()
def patch_moments(
    network: nn.Module, convolution: nn.Conv2d, batches: Iterable[Tensor]
) -> PatchMoments:
    """Run `network` over `batches` of its input and measure what `convolution` in it reads."""
    width = convolution.in_channels
    total = torch.zeros(width, 9, dtype=torch.float64)
    squares = torch.zeros(width, 9, 9, dtype=torch.float64)
    count = 0

    def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        nonlocal count
        patches = F.unfold(inputs[0], 3, padding=1)
        columns = patches.view(len(patches), width, 9, -1).permute(1, 2, 0, 3).flatten(2).double()
        total.add_(columns.sum(2))
        squares.add_(columns @ columns.transpose(1, 2))
        count += columns.shape[2]

    with convolution.register_forward_pre_hook(add):
        for batch in batches:
            network(batch)
    mean = total / count
    return PatchMoments(mean, squares / count - mean[:, :, None] * mean[:, None, :])


def effects(layer: ConvNorm, moments: PatchMoments) -> Tensor:
    """The variance that each input channel brings into the layer's normalised output.

    Summed over the output channels: C float64.
    """
    state = {name: tensor.double() for name, tensor in layer.state_dict().items()}
    scale = state["2.weight"] / (state["2.running_var"] + cast(nn.BatchNorm2d, layer[2]).eps).sqrt()
    kernels = state["0.weight"].flatten(2) * scale[:, None, None]
    return torch.einsum("oci,cij,ocj->c", kernels, moments.covariance, kernels)


def strongest(values: Tensor, count: int) -> Tensor:
    """Indices of the `count` largest values, ascending."""
    return values.argsort(descending=True, stable=True)[:count].sort().values


def without_channels(
    state: dict[str, Tensor], block: str, kept: Tensor, moments: PatchMoments
) -> dict[str, Tensor]:
    """The state of a network with only the channels `kept` inside one residual block.

    Args:
        state: of the whole network, float32.
        block: name of the block, whose two `ConvNorm` are `<block>.0` and `<block>.1`.
        kept: indices of the inner channels that stay, ascending.
        moments: of what the second convolution reads.
    """
    pruned = dict(state)
    for name in ("0.weight", "2.weight", "2.bias", "2.running_mean", "2.running_var"):
        pruned[f"{block}.0.{name}"] = state[f"{block}.0.{name}"][kept]
    kernels = state[f"{block}.1.0.weight"]
    removed = torch.ones(kernels.shape[1], dtype=torch.bool)
    removed[kept] = False
    constant = torch.einsum(
        "oci,ci->o", kernels[:, removed].double().flatten(2), moments.mean[removed]
    )
    mean = state[f"{block}.1.2.running_mean"]
    pruned[f"{block}.1.0.weight"] = kernels[:, kept]
    pruned[f"{block}.1.2.running_mean"] = (mean.double() - constant).to(mean.dtype)
    return pruned
