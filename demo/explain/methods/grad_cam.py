"""Grad-CAM: the channels of the last maps, weighted by their mean gradient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from demo.explain.layers import Site


class GradCam(Method):
    """One pass forwards, and one backwards as far as the layer (Selvaraju et al. 2017)."""

    name = "grad-cam"
    order = 20
    title = "method_grad_cam"
    paper = "Selvaraju et al. 2017, arXiv:1610.02391"
    uses_layers = True

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The positive part of the weighted sum in the first layer, in its resolution."""
        from captum.attr import LayerGradCam

        from demo.explain.layers import site

        def weighted(network: "nn.Module", inputs: "Tensor") -> NDArray[np.float32]:
            def compute(at: "Site") -> "Tensor":
                cam = LayerGradCam(at.network, at.layer)
                found: Tensor = cam.attribute(at.inputs, passes.target, relu_attributions=True)
                return found

            return site(network, layers[0], inputs).map(compute)

        return passes.run(weighted)


METHOD = GradCam()
