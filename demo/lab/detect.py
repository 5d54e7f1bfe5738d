"""All boxes that a detector finds in a picture, as average precisions need them."""

import numpy as np
import torch
from torch import nn

from demo.geometry.letterbox import Letterbox
from demo.results import Detections, Image


@torch.inference_mode()
def detect(
    model: nn.Module, image: Image, size: int, labels: tuple[str, ...], iou: float = 0.7
) -> Detections:
    """All boxes of score ≥ 0.001 after suppression at overlap `iou`, at most 300, as for mAP."""
    from ultralytics.utils.nms import non_max_suppression

    box = Letterbox.fit((image.shape[1], image.shape[0]), size)
    pixels = torch.from_numpy(np.ascontiguousarray(box.apply(image))).permute(2, 0, 1)[None]
    inputs = (pixels.float() / 255).contiguous(memory_format=torch.channels_last)
    found = non_max_suppression(model(inputs), 0.001, iou, multi_label=True, max_det=300)[0]
    rows = found.numpy().astype(np.float32)
    # In bfloat16 the sides of a very small box may be rounded past each other.
    rows = rows[(rows[:, 2:4] >= rows[:, :2]).all(1)]
    scores = rows[:, 4].clip(0, 1)
    return Detections(
        box.restore(rows[:, :4]), scores, rows[:, 5].astype(np.int64), labels, box.size_wh
    )
