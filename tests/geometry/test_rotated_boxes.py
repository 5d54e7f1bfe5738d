import math

import numpy as np
import pytest
import torch

from demo.geometry.rotated_boxes import corners, nms, overlap
from demo.models.ultralytics import tasks
from tests.support.turned import fleet, turned


def test_corners_and_overlaps_are_those_of_ultralytics() -> None:
    tasks()
    from ultralytics.utils.metrics import batch_probiou
    from ultralytics.utils.ops import xywhr2xyxyxyxy

    found = fleet(200)
    np.testing.assert_allclose(corners(found.xywhr), xywhr2xyxyxyxy(found.xywhr), atol=1e-3)
    wanted = batch_probiou(torch.from_numpy(found.xywhr), torch.from_numpy(found.xywhr[:50]))
    ours = overlap(found.xywhr, found.xywhr[:50])
    assert (ours > 0.3).sum() > 60
    np.testing.assert_allclose(ours, wanted.numpy(), atol=2e-3)


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.45])
def test_suppression_keeps_what_ultralytics_keeps(threshold: float) -> None:
    tasks()
    from ultralytics.utils.metrics import batch_probiou
    from ultralytics.utils.nms import TorchNMS

    found = fleet(700)
    moved = found.xywhr.astype(np.float64)
    moved[:, :2] += 7680 * found.class_ids[:, None]  # as ultralytics keeps classes apart
    boxes, scores = torch.from_numpy(moved), torch.from_numpy(found.scores)
    kept = TorchNMS.fast_nms(boxes, scores, threshold, iou_func=batch_probiou).numpy()
    ours = nms(found, threshold, 700)
    assert 20 < len(kept) < 690
    np.testing.assert_array_equal(ours.xywhr, found.xywhr[kept])
    assert len(nms(found, threshold, 10)) == 10


def test_a_box_that_is_dropped_drops_others_too() -> None:
    """As in fast suppression: the third overlaps the second alone."""
    found = turned([[100, 100, 60, 20, 0], [120, 100, 60, 20, 0], [140, 100, 60, 20, 0]])
    between = float(overlap(found.xywhr[:1], found.xywhr[1:2])[0, 0])
    assert len(nms(found, between - 0.01)) == 1
    assert len(nms(found, between + 0.01)) == 3


def test_classes_do_not_suppress_each_other_and_none_is_none() -> None:
    same = [[100, 100, 60, 20, 0.3]] * 2
    assert len(nms(turned(same, class_ids=[0, 1]), 0.5)) == 2
    assert len(nms(turned(same), 0.5)) == 1
    assert len(nms(turned([]), 0.5)) == 0
    with pytest.raises(ValueError, match="expected IoU"):
        nms(turned([]), 1.5)


def test_upright_boxes_lie_around_and_inside_the_picture() -> None:
    found = turned([[100, 100, 60, 20, math.pi / 2], [0, 0, 20, 20, math.pi / 4]])
    np.testing.assert_allclose(found.xyxy[0], [90, 70, 110, 130], atol=1e-3)
    np.testing.assert_allclose(found.xyxy[1], [0, 0, 200**0.5, 200**0.5], atol=1e-3)
