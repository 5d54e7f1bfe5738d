"""The curves of a film: nothing is lost, however long it is, and the memory does not grow."""

import numpy as np
import pytest

from demo.results import Detections, Scores
from demo.tracking.class_timeline import ClassTimeline, SeriesSet
from demo.tracking.frame_result import FrameResult

LABELS = tuple(f"thing {i}" for i in range(12))


def boxes(*class_ids: int) -> Detections:
    count = len(class_ids)
    return Detections(
        np.tile(np.array([[1, 1, 5, 5]], np.float32), (count, 1)),
        np.full(count, 0.5, np.float32),
        np.array(class_ids, np.int64),
        LABELS,
        (10, 10),
    )


def counted(frames: list[Detections | Scores], points: int = 600) -> SeriesSet:
    counts = ClassTimeline(points)
    for index, result in enumerate(frames):
        counts.add(FrameResult(index, index / 10, result))
    return counts.curves()


def test_each_frame_of_a_short_film_is_a_point() -> None:
    curves = counted([boxes(3), boxes(3, 3, 1), boxes(), boxes(1)])
    assert [curve.label for curve in curves.curves] == ["thing 3", "thing 1"]
    assert [curve.class_id for curve in curves.curves] == [3, 1]
    assert curves.curves[0].values.tolist() == [1, 2, 0, 0]
    assert curves.curves[1].values.tolist() == [0, 1, 0, 1]
    assert [curve.often for curve in curves.curves] == [3, 2]
    assert curves.times.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert curves.end == pytest.approx(0.4)
    assert not curves.scored


@pytest.mark.parametrize("frames", [7, 8, 9, 16, 17, 33, 100, 257])
def test_a_long_film_has_few_points_and_keeps_the_most_of_each(frames: int) -> None:
    rng = np.random.default_rng(frames)
    numbers = rng.integers(0, 5, frames).tolist()
    curves = counted([boxes(*[2] * n) for n in numbers], points=8)
    [curve] = curves.curves
    each = 1
    while frames > 8 * each:
        each *= 2
    groups = [numbers[i : i + each] for i in range(0, frames, each)]
    assert len(groups) <= 8
    assert curve.values.tolist() == [max(group) for group in groups]
    assert curves.times.tolist() == pytest.approx([i / 10 for i in range(0, frames, each)])
    assert curve.often == sum(numbers)
    assert curves.end == pytest.approx(frames / 10)


def test_what_is_told_later_does_not_change_what_was_told_before() -> None:
    counts = ClassTimeline(4)
    counts.add(FrameResult(0, 0.0, boxes(1)))
    before = counts.curves()
    for index in range(1, 20):
        counts.add(FrameResult(index, index / 10, boxes(1, 1)))
    assert before.curves[0].values.tolist() == [1]
    assert before.times.tolist() == [0]


def test_only_the_most_frequent_classes_are_shown() -> None:
    curves = counted([boxes(*range(i + 1)) for i in range(12)])
    assert [curve.class_id for curve in curves.curves] == list(range(8))
    assert curves.others == 4


def test_a_classifier_has_the_probabilities_of_its_best_labels() -> None:
    def scores(best: int, p: float) -> Scores:
        rest = np.full(12, (1 - p) / 11, np.float32)
        rest[best] = p
        return Scores(rest, LABELS)

    frames: list[Detections | Scores] = [scores(4, 0.89), *(scores(i % 7, 0.45) for i in range(14))]
    curves = counted(frames)
    assert curves.scored
    assert [curve.class_id for curve in curves.curves] == [4, 0, 1, 2, 3]
    assert curves.others == 2
    assert curves.curves[0].values[0] == pytest.approx(0.89)
    assert curves.curves[0].values[1] == pytest.approx(0.05)
    assert curves.curves[0].often == 3


def test_nothing_at_all() -> None:
    assert counted([]).curves == ()
    assert counted([boxes(), boxes()]).curves == ()
