"""What a map explains: one number among the outputs of a network, and the score that it gives."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from demo.models.spec import Outputs, Prepared


@dataclass(frozen=True, slots=True)
class Target:
    """A class of a model, and for a detector the box that is explained.

    class_id: index into the labels. xyxy: of the box, pixels of the upload; None for a classifier.
    """

    class_id: int
    xyxy: tuple[float, float, float, float] | None = None


@runtime_checkable
class Explainable(Protocol):
    """A family whose networks give one logit for each class, so that gradients mean something."""

    def output_index(self, outputs: Outputs, prepared: Prepared, target: Target) -> tuple[int, ...]:
        """Where the target's logit stands in the first output, behind the axis of the batch.

        Args:
            outputs: the first of the network for this request, whose answer the target is from.
            prepared: the request.
            target: a class of the family.
        """

    def output_scores(
        self, output: NDArray[np.float32], index: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """The first output of N passes → N scores of the target, 0–1."""
