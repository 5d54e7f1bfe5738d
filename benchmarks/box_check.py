"""Whether two answers of a detector are the same within a tolerance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from benchmarks.rest_client import Box
from demo.geometry.boxes import iou

THRESHOLD = 0.25
"""Score from which boxes stand in both answers."""


@dataclass(frozen=True)
class Tolerance:
    """How far a box may be from its partner: pixels, score, and the overlap that it must have."""

    pixels: float
    score: float
    overlap: float = 0.0


EXACT, HALF = Tolerance(0.5, 1e-3), Tolerance(inf, 0.1, 0.9)
"""Of float32, and of half precision or bfloat16."""


def differences(ours: Sequence[Box], theirs: Sequence[Box], allowed: Tolerance) -> list[str]:
    """Boxes of either answer without a partner in the other one.

    One so near the threshold that it may lie below it in the other needs none.
    """
    found, free = [], list(theirs)
    for box in ours:
        partner = next((one for one in free if _same(box, one, allowed)), None)
        if partner is not None:
            free.remove(partner)
        elif box["score"] >= THRESHOLD + allowed.score:
            found.append(f"not there: {box}")
    found += [f"missing: {box}" for box in free if box["score"] >= THRESHOLD + allowed.score]
    return found


def _same(box: Box, other: Box, allowed: Tolerance) -> bool:
    one, two = (np.array([b["xyxy"]], np.float32) for b in (box, other))
    return (
        box["class_id"] == other["class_id"]
        and abs(box["score"] - other["score"]) <= allowed.score
        and float(np.abs(one - two).max()) <= allowed.pixels
        and float(iou(one, two)[0, 0]) >= allowed.overlap
    )
