"""Grad-CAM++: the channels of the last maps, weighted by the places that raise the score."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from demo.explain.layers import Site


class GradCamPlusPlus(Method):
    """Two passes forwards, and one backwards as far as the layer (Chattopadhay et al. 2018).

    With g = ∂S/∂A of the logit S, the weight of a channel is w = Σ α·relu(g), where
    α = g² / (2·g² + g³·ΣA) at each place, both sums over the channel's places: where a class has
    several things in a picture, each counts. The paper's score is exp(S): a factor of all weights.
    """

    name = "grad-cam-plus-plus"
    order = 22
    title = "method_grad_cam_plus_plus"
    paper = "Chattopadhay et al. 2018, arXiv:1710.11063"
    uses_layers = True

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """relu(Σ w·A) of the first layer, in its resolution."""
        from captum.attr import LayerActivation, LayerGradientXActivation

        from demo.explain.layers import site

        def gradients(network: "nn.Module", inputs: "Tensor") -> "Tensor":
            at = site(network, layers[0], inputs)
            plain = LayerGradientXActivation(at.network, at.layer, multiply_by_inputs=False)
            slope: Tensor = plain.attribute(at.inputs, passes.target)
            return slope.detach()

        slopes = passes.run(gradients)

        def weighted(network: "nn.Module", inputs: "Tensor") -> NDArray[np.float32]:
            def compute(at: "Site") -> "Tensor":
                maps: Tensor = LayerActivation(at.network, at.layer).attribute(at.inputs)
                weights = channel_weights(slopes, maps)
                return (weights * maps).sum(1, keepdim=True).relu()

            return site(network, layers[0], inputs).map(compute)

        return passes.run(weighted)


def channel_weights(slopes: "Tensor", maps: "Tensor") -> "Tensor":
    """N×C×h×w gradients and maps → N×C×1×1 weights, see `GradCamPlusPlus`."""
    # Scaled by the largest, which changes all weights alike: cubes of small gradients vanish.
    largest = slopes.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-30)
    unit = slopes / largest
    squares = unit.square()
    below = 2 * squares + squares * slopes * maps.sum(dim=(2, 3), keepdim=True)
    alphas = squares / below.where(below != 0, below.new_ones(()))
    return (alphas * unit.relu()).sum(dim=(2, 3), keepdim=True)


METHOD = GradCamPlusPlus()
