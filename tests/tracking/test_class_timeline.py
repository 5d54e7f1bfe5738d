"""The timeline of a video: no maximum is lost however long it is, in constant memory."""

import numpy as np
import pytest

from demo.results import Detections, Scores
from demo.tasks import find
from demo.tracking.class_timeline import ClassTimeline, TimelineSnapshot
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


def snapshot_of(frames: list[Detections | Scores], points: int = 600) -> TimelineSnapshot:
    timeline = ClassTimeline(points)
    for index, result in enumerate(frames):
        task = find("detect" if isinstance(result, Detections) else "classify")
        timeline.add(FrameResult(task, index, index / 10, result))
    return timeline.snapshot()


def test_each_frame_of_a_short_video_is_a_point() -> None:
    snapshot = snapshot_of([boxes(3), boxes(3, 3, 1), boxes(), boxes(1)])
    assert [series.label for series in snapshot.series] == ["thing 3", "thing 1"]
    assert [series.class_id for series in snapshot.series] == [3, 1]
    assert snapshot.series[0].values.tolist() == [1, 2, 0, 0]
    assert snapshot.series[1].values.tolist() == [0, 1, 0, 1]
    assert [series.occurrences for series in snapshot.series] == [3, 2]
    assert snapshot.times.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert snapshot.end_s == pytest.approx(0.4)
    assert not snapshot.scored


@pytest.mark.parametrize("frames", [7, 8, 9, 16, 17, 33, 100, 257])
def test_a_long_video_has_few_points_each_a_maximum(frames: int) -> None:
    rng = np.random.default_rng(frames)
    numbers = rng.integers(0, 5, frames).tolist()
    snapshot = snapshot_of([boxes(*[2] * n) for n in numbers], points=8)
    [series] = snapshot.series
    each = 1
    while frames > 8 * each:
        each *= 2
    groups = [numbers[i : i + each] for i in range(0, frames, each)]
    assert len(groups) <= 8
    assert series.values.tolist() == [max(group) for group in groups]
    assert snapshot.times.tolist() == pytest.approx([i / 10 for i in range(0, frames, each)])
    assert series.occurrences == sum(numbers)
    assert snapshot.end_s == pytest.approx(frames / 10)


def test_a_snapshot_does_not_change_with_later_frames() -> None:
    timeline = ClassTimeline(4)
    timeline.add(FrameResult(find("detect"), 0, 0.0, boxes(1)))
    before = timeline.snapshot()
    for index in range(1, 20):
        timeline.add(FrameResult(find("detect"), index, index / 10, boxes(1, 1)))
    assert before.series[0].values.tolist() == [1]
    assert before.times.tolist() == [0]


def test_only_the_most_frequent_classes_are_shown() -> None:
    snapshot = snapshot_of([boxes(*range(i + 1)) for i in range(12)])
    assert [series.class_id for series in snapshot.series] == list(range(8))
    assert snapshot.omitted == 4


def test_a_classifier_has_the_probabilities_of_its_best_labels() -> None:
    def scores(best: int, p: float) -> Scores:
        rest = np.full(12, (1 - p) / 11, np.float32)
        rest[best] = p
        return Scores(rest, LABELS)

    frames: list[Detections | Scores] = [scores(4, 0.89), *(scores(i % 7, 0.45) for i in range(14))]
    snapshot = snapshot_of(frames)
    assert snapshot.scored
    assert [series.class_id for series in snapshot.series] == [4, 0, 1, 2, 3]
    assert snapshot.omitted == 2
    assert snapshot.series[0].values[0] == pytest.approx(0.89)
    assert snapshot.series[0].values[1] == pytest.approx(0.05)
    assert snapshot.series[0].occurrences == 3


def test_without_frames_or_boxes_it_is_empty() -> None:
    assert snapshot_of([]).series == ()
    assert snapshot_of([boxes(), boxes()]).series == ()
