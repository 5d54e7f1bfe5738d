from dataclasses import replace

import numpy as np
import pytest

from demo.results import Detections, RunLengths, Scores, Timing, check_image

LABELS = ("cat", "dog", "cow")


def boxes(n: int = 3) -> Detections:
    xyxy = np.array([[0, 0, 10, 10], [5, 5, 20, 20], [1, 2, 3, 4]], np.float32)[:n]
    scores = np.array([0.9, 0.5, 0.2], np.float32)[:n]
    return Detections(xyxy, scores, np.array([1, 0, 1])[:n], LABELS, (30, 20))


def test_select_keeps_the_threshold_itself_and_the_named_classes() -> None:
    assert boxes().select(0.5).scores.tolist() == pytest.approx([0.9, 0.5])
    assert boxes().select(0.0, ("dog",)).class_ids.tolist() == [1, 1]
    assert len(boxes().select(0.0, ("cow",))) == 0


def test_counts_are_most_frequent_first() -> None:
    assert list(boxes().counts().items()) == [("dog", 2), ("cat", 1)]


def test_classes_of_one_label_are_counted_together() -> None:
    found = boxes()
    alike = Detections(found.xyxy, found.scores, np.array([2, 0, 1]), ("a", "b", "a"), (30, 20))
    assert alike.counts() == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("xyxy", "scores", "ids"),
    [
        ([[10, 0, 0, 10]], [0.5], [0]),
        ([[0, 0, 1, float("nan")]], [0.5], [0]),
        ([[0, 0, 1, 1]], [1.5], [0]),
        ([[0, 0, 1, 1]], [0.5], [3]),
        ([[0, 0, 1, 1]], [0.5, 0.5], [0]),
    ],
)
def test_invalid_detections_are_refused(
    xyxy: list[list[float]], scores: list[float], ids: list[int]
) -> None:
    with pytest.raises(ValueError, match="expected"):
        Detections(
            np.array(xyxy, np.float32),
            np.array(scores, np.float32),
            np.array(ids),
            LABELS,
            (30, 20),
        )


def test_masks_of_another_number_or_picture_are_refused() -> None:
    found = boxes()
    for count, size_wh in ((2, (30, 20)), (3, (20, 30))):
        masks = RunLengths((np.array([600], np.int32),) * count, size_wh)
        with pytest.raises(ValueError, match="expected 3 masks of"):
            replace(found, masks=masks)


def test_boxes_without_a_pixel_of_mask_go() -> None:
    counts = tuple(np.array(one, np.int32) for one in ([600], [0, 600], [100, 5, 495]))
    found = replace(boxes(), masks=RunLengths(counts, (30, 20))).with_pixels()
    assert found.scores.tolist() == pytest.approx([0.5, 0.2])
    assert found.masks is not None
    assert found.masks.runs().areas().tolist() == [600, 5]
    assert boxes().with_pixels().masks is None


def test_top_is_best_first_and_stable() -> None:
    scores = Scores(np.array([0.25, 0.5, 0.25], np.float32), LABELS)
    assert scores.top(3) == [("dog", 0.5), ("cat", 0.25), ("cow", 0.25)]


def test_scores_must_sum_to_one() -> None:
    with pytest.raises(ValueError, match="sum 1"):
        Scores(np.array([0.5, 0.5, 0.5], np.float32), LABELS)


def test_timing_sums_and_rounds() -> None:
    timing = Timing(1.234, 2, 3, 4, 5)
    assert timing.total == pytest.approx(15.234)
    assert timing.as_dict()["decode"] == 1.23


def test_check_image_states_the_actual_shape_and_dtype() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) float64"):
        check_image(np.zeros((2, 2)))  # type: ignore[arg-type]


def runs(*counts: list[int], size_wh: tuple[int, int] = (3, 2)) -> RunLengths:
    return RunLengths(tuple(np.array(one, np.int32) for one in counts), size_wh)


@pytest.mark.parametrize("counts", [[5], [7], [2, 0, 4], [-1, 7], [2, 5, -1], []])
def test_runs_that_are_no_mask_of_the_picture_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        runs(counts)


def test_other_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="int32"):
        RunLengths((np.array([6], np.int64),), (3, 2))


def test_areas_are_those_of_every_second_run() -> None:
    masks = runs([6], [0, 6], [1, 2, 1, 1, 1])
    assert masks.areas().tolist() == [0, 6, 3]
    assert masks[np.array([2, 0])].areas().tolist() == [3, 0]
    assert masks[np.array([False, True, False])].areas().tolist() == [6]
    assert runs().areas().shape == (0,)
    assert masks.runs() is masks


def test_a_large_mask_takes_kilobytes() -> None:
    width, height = 5000, 4000
    column = [height // 4, height // 2, height // 4]
    counts = [height // 4, *[height // 2, height // 2] * (width - 1), *column[1:]]
    masks = runs(counts, size_wh=(width, height))
    assert masks.areas().tolist() == [width * height // 2]
    assert masks.size_bytes < 50_000
