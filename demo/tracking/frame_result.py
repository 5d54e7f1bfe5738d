"""The result for one frame of a stream."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Scores

_TOP = 5


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """A model's result for a frame, filtered and tracked.

    Attributes:
        index: number of the frame, from 0.
        seconds: presentation time.
        result: boxes or probabilities.
        ids: N int64, the track of each box, 0 for none; None where nothing is tracked.
        held: taken over from an earlier frame.
    """

    index: int
    seconds: float
    result: Detections | Scores
    ids: NDArray[np.int64] | None = None
    held: bool = False

    def rows(self) -> list[dict[str, Any]]:
        """The JSON shape: boxes as in `/detect` and their `track`, or the best labels."""
        found = self.result
        if isinstance(found, Scores):
            return [{"label": label, "score": round(p, 6)} for label, p in found.top(_TOP)]
        ids = self.ids if self.ids is not None else np.zeros(len(found), np.int64)
        columns = zip(
            found.xyxy.tolist(),
            found.scores.tolist(),
            found.class_ids.tolist(),
            ids.tolist(),
            strict=True,
        )
        return [
            {
                "label": found.labels[class_id],
                "class_id": class_id,
                "score": round(score, 4),
                "xyxy": [round(value, 1) for value in xyxy],
                "track": track_id or None,
            }
            for xyxy, score, class_id, track_id in columns
        ]
