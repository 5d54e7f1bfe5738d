"""A layer of a network as captum needs it, also where the network looks at a mirror image, too."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.models.networks.classifiers import Mirrored


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A layer that runs once in a pass of `network` over `inputs`.

    mirrored: the second of the inputs is the mirror image of the first.
    """

    network: nn.Module
    layer: nn.Module
    inputs: Tensor
    mirrored: bool

    def map(self, compute: Callable[["Site"], Tensor]) -> NDArray[np.float32]:
        """N×C×h×w of the layer, which `compute` gives → h×w, summed over the channels.

        Of a mirrored network it is the mean over both directions, as its logits are.
        """
        by_input = compute(self).detach().sum(1).float().cpu().numpy()
        first: NDArray[np.float32] = by_input[0]
        return (first + by_input[1][:, ::-1]) / 2 if self.mirrored else first


def site(network: nn.Module, name: str, inputs: Tensor) -> Site:
    """The layer of that name, of a network for 1×3×h×w inputs."""
    layer = network.get_submodule(name)
    # Weights may be without gradients, as those of fused detectors are.
    inputs = inputs.detach().requires_grad_()
    if isinstance(network, Mirrored):
        # Its layers run twice in a pass; the plain network runs them once over both pictures.
        return Site(network.network, layer, torch.cat([inputs, inputs.flip(3)]), True)
    return Site(network, layer, inputs, False)
