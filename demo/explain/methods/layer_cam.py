"""LayerCAM: each cell of a layer's maps, weighted by its own positive gradient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from demo.explain.layers import Site


class LayerCam(Method):
    """The maps of several layers together, each scaled to 1 (Jiang et al. 2021).

    Deep layers know the class, shallow ones the place.
    """

    name = "layer-cam"
    order = 10
    title = "method_layer_cam"
    paper = "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943"
    uses_layers = True

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The mean of the layers' maps, in the resolution of the finest."""
        maps = [self.of_layer(passes, name) for name in layers]
        height, width = max(one.shape for one in maps)
        total = np.zeros((height, width), np.float32)
        for one in maps:
            large = cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR)
            total += large / max(float(one.max()), np.finfo(np.float32).tiny)
        return total / np.float32(len(maps))

    def of_layer(self, passes: Passes, name: str) -> HeatMap:
        """The map of one layer, in its resolution: two passes."""
        from captum.attr import LayerActivation, LayerGradientXActivation

        from demo.explain.layers import site

        def gradients(network: "nn.Module", inputs: "Tensor") -> "Tensor":
            at = site(network, name, inputs)
            plain = LayerGradientXActivation(at.network, at.layer, multiply_by_inputs=False)
            slope: Tensor = plain.attribute(at.inputs, passes.target)
            return slope.detach().relu()

        slopes = passes.run(gradients)

        def weighted(network: "nn.Module", inputs: "Tensor") -> NDArray[np.float32]:
            def compute(at: "Site") -> "Tensor":
                values: Tensor = LayerActivation(at.network, at.layer).attribute(at.inputs)
                return slopes * values

            return site(network, name, inputs).map(compute)

        return passes.run(weighted).clip(0)


METHOD = LayerCam()
