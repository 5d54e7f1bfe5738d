"""Integrated gradients: the gradient at each pixel, summed up on the way from an even picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from demo.explain.baselines import even
from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes

if TYPE_CHECKING:
    from torch import Tensor, nn


_QUICK_STEPS = 12
_PIECE = 2
"""The fewest steps that captum takes; they are one batch."""


class IntegratedGradients(Method):
    """One pass forwards and backwards for each step of the way (Sundararajan et al. 2017).

    The way is cut into pieces of two steps, whose attributions add up to those of the whole way, so
    that others get their answers meanwhile.
    """

    name = "integrated-gradients"
    order = 30
    title = "method_integrated_gradients"
    paper = "Sundararajan et al. 2017, arXiv:1703.01365"

    def __init__(self, steps: int = 32) -> None:
        """steps: of the way, an even number; the midpoint of each counts (Riemann's sum)."""
        self._pieces = steps // _PIECE

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """|Σ over the colours|, in the resolution of the input."""
        heat: HeatMap = np.abs(self.attributions(passes).sum(axis=0))
        return heat

    def attributions(self, passes: Passes) -> HeatMap:
        """3×h×w, signed; their sum is about the logit minus that of the even picture."""
        start = even(passes.inputs)
        total = np.zeros(passes.inputs.shape[1:], np.float32)
        for piece in range(self._pieces):
            ends = [
                start + (passes.inputs - start) * np.float32(end / self._pieces)
                for end in (piece, piece + 1)
            ]
            total += self._piece(passes.with_inputs(ends[1]), ends[0])
        return total

    def quick(self) -> Method:
        """With 12 steps."""
        return IntegratedGradients(_QUICK_STEPS)

    def _piece(self, passes: Passes, start: HeatMap) -> HeatMap:
        import torch
        from captum.attr import IntegratedGradients as Captum

        def integrated(network: "nn.Module", inputs: "Tensor") -> HeatMap:
            found: Tensor = Captum(network).attribute(
                inputs,
                torch.from_numpy(start).to(inputs.device),
                passes.target,
                n_steps=_PIECE,
                method="riemann_middle",
            )
            numbers: HeatMap = found[0].detach().float().cpu().numpy()
            return numbers

        return passes.run(integrated, _PIECE)


METHOD = IntegratedGradients()
