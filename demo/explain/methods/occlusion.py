"""Occlusion: what the logit loses where a window of the picture is covered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from demo.explain.baselines import even
from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes

if TYPE_CHECKING:
    from torch import Tensor


class Occlusion(Method):
    """One pass for each window, and one for the whole picture (Zeiler and Fergus 2014)."""

    name = "occlusion"
    order = 40
    title = "method_occlusion"
    paper = "Zeiler and Fergus 2014, arXiv:1311.2901"

    def __init__(self, windows: int = 7) -> None:
        """windows: how many stand in a row and in a column, each half over the next."""
        self._windows = windows

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The mean loss of the windows over each pixel, gains as 0; as large as the input."""
        return self.losses(passes).clip(0)

    def losses(self, passes: Passes) -> HeatMap:
        """h×w, signed: the mean loss of logit of the windows over each pixel."""
        import torch
        from captum.attr import Occlusion as Captum

        # captum covers the windows; each pass goes its own way through the engine.
        def forward(inputs: "Tensor") -> "Tensor":
            return torch.from_numpy(passes.with_inputs(inputs.numpy()).outputs()[0])

        sides, steps = self.geometry(passes.inputs)
        found: Tensor = Captum(forward).attribute(
            torch.from_numpy(passes.inputs),
            sliding_window_shapes=sides,
            strides=steps,
            baselines=torch.from_numpy(even(passes.inputs)),
            target=passes.target,
        )
        losses: HeatMap = found[0, 0].float().numpy()
        return losses

    def geometry(self, inputs: HeatMap) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Sides of the windows and steps between them, (colours, pixels, pixels) each."""
        steps = [-(-side // (self._windows + 1)) for side in inputs.shape[2:]]
        return (3, 2 * steps[0], 2 * steps[1]), (3, steps[0], steps[1])

    def quick(self) -> Method:
        """With 9 windows."""
        return Occlusion(3)


METHOD = Occlusion()
