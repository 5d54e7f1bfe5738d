"""How far two answers are apart."""

import numpy as np
import pytest

from demo.inference.agreement import answer_difference, output_difference, same_boxes
from demo.results import Detections, Scores

LABELS = ("cat", "dog")


def boxes(*rows: tuple[float, float, int]) -> Detections:
    """Boxes of 100×100 pixels: left side, score, class id."""
    xyxy = np.array([(x, 0, x + 100, 100) for x, _, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score, _ in rows], np.float32)
    ids = np.array([class_id for _, _, class_id in rows], np.int64)
    return Detections(xyxy, scores, ids, LABELS, (1000, 100))


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ([(0, 0.9, 0), (300, 0.5, 1)], 0.0),
        ([(20, 0.8, 0), (300, 0.5, 1)], 0.05),  # moved a little
        ([(60, 0.9, 0), (300, 0.5, 1)], 0.45),  # moved to another place
        ([(0, 0.9, 0), (300, 0.5, 0)], 0.25),  # another label
        ([(0, 0.9, 0)], 0.25),  # lost
        ([(0, 0.9, 0), (300, 0.5, 1), (600, 0.7, 1)], 0.7 / 3),  # one more
        ([(0, 0.9, 0), (300, 0.5, 1), (600, 0.2, 1)], 0.0),  # one more that nobody would see
    ],
)
def test_the_difference_of_boxes(found: list[tuple[float, float, int]], difference: float) -> None:
    expected = boxes((0, 0.9, 0), (300, 0.5, 1))
    for pair in ((boxes(*found), expected), (expected, boxes(*found))):
        assert answer_difference("detect", *pair) == pytest.approx(difference, abs=1e-6)


def test_no_boxes_are_like_no_boxes() -> None:
    assert answer_difference("detect", boxes(), boxes()) == 0
    assert same_boxes(boxes(), boxes((0, 0.9, 0))) == 0


def test_the_difference_of_probabilities() -> None:
    one = Scores(np.array([0.7, 0.3], np.float32), LABELS)
    two = Scores(np.array([0.4, 0.6], np.float32), LABELS)
    assert answer_difference("classify", one, two) == pytest.approx(0.3)


def test_a_box_is_found_again_once() -> None:
    one = boxes((0, 0.9, 0), (10, 0.8, 0), (500, 0.7, 1))
    assert same_boxes(one, boxes((5, 0.9, 0), (500, 0.5, 1))) == 2
    assert same_boxes(one, boxes((5, 0.9, 1), (500, 0.5, 1))) == 1


def test_the_difference_of_outputs() -> None:
    one, two = np.array([[1.0, 99.0]], np.float32), np.array([[1.0, 100.0]], np.float32)
    assert output_difference(one, two, exact=True) == pytest.approx(1 / 101)
    assert output_difference(one, two, exact=False) == pytest.approx(1 / np.hypot(1, 100))
    assert output_difference(one, two[:, :1], exact=True) == float("inf")
    assert np.isnan(output_difference(one, two * np.float32("nan"), exact=True))
