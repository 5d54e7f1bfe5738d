"""The result for one frame of a stream."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Result
from demo.tasks.base import AnyTask, JsonObject


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """A model's result for a frame, filtered and tracked.

    Attributes:
        task: of the model.
        index: number of the frame, from 0.
        seconds: presentation time.
        result: of the task's type.
        ids: N int64, the track of each box, 0 for none; None where nothing is tracked.
        held: taken over from an earlier frame.
    """

    task: AnyTask
    index: int
    seconds: float
    result: Result
    ids: NDArray[np.int64] | None = None
    held: bool = False

    @property
    def detections(self) -> Detections | None:
        """The boxes; None where the task has none."""
        return self.task.detections(self.result)

    def rows(self) -> list[JsonObject]:
        """The JSON shape: boxes as in `/detect` and their `track`, or the best labels."""
        return self.task.rows(self.result, self.ids)
