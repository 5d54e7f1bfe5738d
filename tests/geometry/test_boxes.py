import time

import numpy as np
import pytest
import torch
import torchvision
from numpy.typing import NDArray

from demo.geometry import boxes
from demo.results import Detections
from tests.support.masks import run_lengths

SIZE_WH = (640, 480)


def found(
    xyxy: object, scores: object, class_ids: object, size_wh: tuple[int, int] = SIZE_WH
) -> Detections:
    return Detections(
        np.asarray(xyxy, np.float32).reshape(-1, 4),
        np.asarray(scores, np.float32),
        np.asarray(class_ids, np.int64),
        ("cat", "dog", "cow", "horse", "sheep"),
        size_wh,
    )


def crowd(seed: int, count: int, classes: int, places: int = 30) -> Detections:
    """Groups of overlapping boxes, as a detector's candidates before suppression."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(50, 590, (places, 2))[rng.integers(0, places, count)]
    centre += rng.normal(0, 6, (count, 2))
    half = rng.uniform(10, 60, (count, 2))
    xyxy = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
    # Distinct scores: torchvision sorts equal ones as it likes.
    scores = rng.permutation(np.linspace(0.01, 0.99, count))
    return found(xyxy, scores, rng.integers(0, classes, count))


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [5, 5, 5, 5]], np.float32)
    expected = np.array([[1, 50 / 150, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(boxes.iou(a, b), expected, rtol=1e-6)


def test_iou_equals_torchvision() -> None:
    a, b = crowd(0, 50, 3).xyxy, crowd(1, 70, 3).xyxy
    expected = torchvision.ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    np.testing.assert_allclose(boxes.iou(a, b), expected, rtol=1e-5, atol=1e-7)


def test_iou_of_nothing() -> None:
    assert boxes.iou(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)


def test_formats_of_a_known_box() -> None:
    xyxy = np.array([[160, 120, 480, 360]], np.float64)
    assert boxes.xyxy_to_xywh(xyxy).tolist() == [[160, 120, 320, 240]]
    assert boxes.area(xyxy).tolist() == [320 * 240]


def test_xywh_and_back() -> None:
    xyxy = crowd(2, 40, 1).xyxy
    back = boxes.xywh_to_xyxy(boxes.xyxy_to_xywh(xyxy))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, xyxy, atol=1e-4)


def test_clip_keeps_boxes_inside_and_leaves_its_input() -> None:
    xyxy = np.array([[-5, 10, 700, 500], [650, 490, 660, 500], [1, 2, 3, 4]], np.float32)
    before = xyxy.copy()
    expected = [[0, 10, 640, 480], [640, 480, 640, 480], [1, 2, 3, 4]]
    assert boxes.clip(xyxy, SIZE_WH).tolist() == expected
    np.testing.assert_array_equal(xyxy, before)


@pytest.mark.parametrize("iou_threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize(("seed", "count", "classes"), [(0, 300, 5), (1, 300, 1), (2, 1500, 3)])
def test_nms_equals_torchvision(seed: int, count: int, classes: int, iou_threshold: float) -> None:
    many = crowd(seed, count, classes)
    keep = torchvision.ops.batched_nms(
        torch.from_numpy(many.xyxy),
        torch.from_numpy(many.scores),
        torch.from_numpy(many.class_ids),
        iou_threshold,
    ).numpy()
    left = boxes.nms(many, iou_threshold, max_det=count)
    np.testing.assert_array_equal(left.scores, many.scores[keep])
    np.testing.assert_array_equal(left.xyxy, many.xyxy[keep])
    np.testing.assert_array_equal(left.class_ids, many.class_ids[keep])


def test_nms_compares_strictly() -> None:
    """An overlap of exactly the threshold stays: torchvision's `ovr > iou_threshold`."""
    pair = [[0, 0, 10, 10], [0, 0, 10, 5]]
    assert len(boxes.nms(found(pair, [0.9, 0.8], [0, 0]), 0.5)) == 2
    assert len(boxes.nms(found(pair, [0.9, 0.8], [0, 0]), 0.4999)) == 1


def test_nms_leaves_other_classes_alone() -> None:
    pair = [[0, 0, 10, 10], [0, 0, 10, 10]]
    assert len(boxes.nms(found(pair, [0.9, 0.8], [0, 1]), 0.1)) == 2


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]
    left = boxes.nms(found(chain, [0.9, 0.8, 0.7], [0, 0, 0]), 0.4)
    np.testing.assert_allclose(left.scores, [0.9, 0.7], rtol=1e-6)


def test_nms_keeps_the_first_of_equal_scores() -> None:
    pair = found([[0, 0, 10, 10], [0, 0, 10, 9]], [0.5, 0.5], [0, 0])
    assert boxes.nms(pair, 0.5).xyxy.tolist() == [[0, 0, 10, 10]]


def test_nms_stops_at_max_det_with_the_best() -> None:
    many = crowd(3, 200, 5)
    few, all_of_them = boxes.nms(many, 0.5, max_det=7), boxes.nms(many, 0.5, max_det=200)
    np.testing.assert_array_equal(few.scores, all_of_them.scores[:7])
    assert len(boxes.nms(many, 0.5, max_det=0)) == 0


def test_nms_of_nothing_and_of_empty_boxes() -> None:
    assert len(boxes.nms(Detections.empty(("cat",), SIZE_WH), 0.5)) == 0
    points = found([[5, 5, 5, 5], [5, 5, 5, 5]], [0.9, 0.8], [0, 0])
    assert len(boxes.nms(points, 0.5)) == 2


def test_nms_takes_the_masks_along() -> None:
    masks: NDArray[np.bool_] = np.zeros((2, 4, 4), np.bool_)
    masks[1, 1, 1] = True
    both = Detections(
        np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32),
        np.array([0.2, 0.9], np.float32),
        np.array([0, 0]),
        ("cat",),
        (4, 4),
        run_lengths(masks),
    )
    left = boxes.nms(both, 0.5)
    assert left.masks is not None
    assert left.masks.runs().areas().tolist() == [1]


@pytest.mark.parametrize(("threshold", "max_det"), [(-0.1, 300), (1.1, 300), (0.5, -1)])
def test_nms_refuses_invalid_arguments(threshold: float, max_det: int) -> None:
    with pytest.raises(ValueError, match="expected IoU in 0–1"):
        boxes.nms(crowd(0, 3, 1), threshold, max_det)


def test_nms_is_fast_enough_for_a_slider() -> None:
    many = crowd(4, 300, 5)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        boxes.nms(many, 0.7)
        times.append(time.perf_counter() - start)
    # 2–5 ms on one core; the bound leaves room for a busy machine.
    assert min(times) < 0.05
