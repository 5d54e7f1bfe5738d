"""What a method of explanation is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from demo.explain.passes import Passes
from demo.models.spec import ModelSpec

HeatMap = NDArray[np.float32]
"""h×w, ≥ 0: how much each place speaks for the target. Its grid lies over the whole input."""


class Method(ABC):
    """A way to make a map. It keeps nothing of a request."""

    name: ClassVar[str]
    """Stable name in the API."""
    order: ClassVar[int]
    """Place in lists."""
    title: ClassVar[str]
    """Key of the visible name in `demo/strings`."""
    paper: ClassVar[str]
    """Who described it, when and where."""
    uses_layers: ClassVar[bool] = False
    """It reads the maps of a layer, so that the model has to have `cam_layers`."""
    of_class: ClassVar[bool] = True
    """The map is another one for another target."""

    def suits(self, spec: ModelSpec) -> bool:
        """Whether it can explain a model that has gradients."""
        return bool(spec.cam_layers) or not self.uses_layers

    @abstractmethod
    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The map of the passes' target, in the resolution of the method.

        Args:
            passes: the network, its input and its target.
            layers: names of modules of the network, the most telling first; at least one where
                the method uses layers.
        """

    def quick(self) -> "Method":
        """The method at no more than 12 passes, for the test with random weights."""
        return self
