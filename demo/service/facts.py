"""The JSON of answers about a picture, in the shape that all tasks share."""

from collections.abc import Sequence
from typing import Any

from demo.inference.engine import Prediction
from demo.results import Timing
from demo.tasks.base import JsonObject


def answer_facts(
    prediction: Prediction,
    timing: Timing,
    own: JsonObject,
    size_wh: Sequence[int] | None = None,
) -> dict[str, Any]:
    """The JSON of an answer about a picture.

    own: the task's part of it. size_wh: of the picture, where the prediction's view is not kept.
    """
    if size_wh is None:
        assert prediction.view is not None
        size_wh = prediction.view.size_wh
    return {
        "model": prediction.model,
        "weights_sha256": prediction.weights_sha256,
        "backend": prediction.backend,
        **own,
        "size_wh": list(size_wh),
        "device": prediction.device,
        "timing_ms": timing.as_dict(),
    }
