"""Ids, trails, counts and counting lines, on boxes with known paths."""

import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest

from demo.errors import DemoError
from demo.results import Detections
from demo.tracking.line_counter import CountingLine, LineCounter
from demo.tracking.tracker import TrackCounts, Tracked, Tracker, Trails

SIZE_WH = (400, 300)
LABELS = ("cat", "dog")


def boxes(
    places: Iterable[tuple[float, float]], scores: float | list[float] = 0.9, class_id: int = 0
) -> Detections:
    """Boxes of 30 × 40 with their centres at `places`."""
    centre = np.array(list(places), np.float32).reshape(-1, 2)
    half = np.array((15, 20), np.float32)
    n = len(centre)
    return Detections(
        np.concatenate([centre - half, centre + half], axis=1),
        np.broadcast_to(np.asarray(scores, np.float32), n),
        np.full(n, class_id, np.int64),
        LABELS,
        SIZE_WH,
    )


def tracked(places: Iterable[tuple[float, float]], ids: list[int], class_id: int = 0) -> Tracked:
    return Tracked(boxes(places, class_id=class_id), np.array(ids, np.int64))


class Timed:
    """A tracker that is fed at a constant rate."""

    def __init__(self, confidence: float, per_second: float = 10) -> None:
        self.tracker = Tracker(confidence)
        self.set_confidence = self.tracker.set_confidence
        self._per_second = per_second
        self._frame = 0

    def update(self, found: Detections) -> Tracked:
        self._frame += 1
        return self.tracker.update(found, self._frame / self._per_second)


def test_two_objects_that_cross_keep_their_ids() -> None:
    tracker = Timed(0.25)
    ids = []
    for i in range(40):
        found = boxes([(50 + 7 * i, 100), (323 - 7 * i, 150)])
        # Ids must not depend on the order of the boxes.
        ids.append(tracker.update(found if i % 2 else found[np.array([1, 0])]))
    for i, frame in enumerate(ids[1:], 1):
        assert sorted(frame.ids.tolist()) == [1, 2]
        by_id = dict(zip(frame.ids.tolist(), frame.detections.xyxy[:, 0].tolist(), strict=True))
        start = ids[1]
        first = dict(zip(start.ids.tolist(), start.detections.xyxy[:, 1].tolist(), strict=True))
        rightwards = 1 if first[1] == 80 else 2
        assert by_id[rightwards] == 35 + 7 * i


def test_two_streams_never_share_ids() -> None:
    one, other = Timed(0.25), Timed(0.25)
    for i in range(5):
        first = one.update(boxes([(50 + 3 * i, 100)]))
    for i in range(5):
        second = other.update(boxes([(50 + 3 * i, 100), (200, 200)]))
        first = one.update(boxes([(65 + 3 * i, 100), (300, 250)]))
    assert sorted(second.ids.tolist()) == [1, 2]
    assert sorted(first.ids.tolist()) == [1, 2]


def test_a_box_of_a_low_score_continues_a_track_but_starts_none() -> None:
    tracker = Timed(0.5)
    for i in range(6):
        low = 0.2 if i == 4 else 0.9
        got = tracker.update(boxes([(50 + 3 * i, 100), (300, 200)], [low, 0.2]))
        if i:
            assert got.ids.tolist() == [1]
            assert got.detections.scores.tolist() == [pytest.approx(low)]


def test_a_box_of_the_lowest_score_is_shown_before_it_has_an_id() -> None:
    tracker = Timed(0.5)
    tracker.update(boxes([]))
    got = tracker.update(boxes([(50, 100)], 0.5))
    assert (len(got.detections), got.ids.tolist()) == (1, [0])


def test_an_id_returns_only_after_a_short_absence() -> None:
    tracker = Timed(0.25)
    where = [(50.0, 100.0)]
    for _ in range(5):
        tracker.update(boxes(where))
    for _ in range(6):
        tracker.update(boxes([]))
    assert tracker.update(boxes(where)).ids.tolist() == [1]
    for _ in range(20):
        tracker.update(boxes([]))
    tracker.update(boxes(where))
    assert tracker.update(boxes(where)).ids.tolist() == [2]


@pytest.mark.parametrize("per_second", [6, 10, 23.976, 25, 29.97, 60])
def test_an_id_lives_a_second_at_any_frame_rate(per_second: float) -> None:
    for absent_s, back in ((0.9, 1), (1.5, 2)):
        tracker = Timed(0.25, per_second)
        for _ in range(5):
            tracker.update(boxes([(50, 100)]))
        for _ in range(round(absent_s * per_second)):
            tracker.update(boxes([]))
        tracker.update(boxes([(50, 100)]))
        assert tracker.update(boxes([(50, 100)])).ids.tolist() == [back]


def test_a_stream_that_becomes_slower_keeps_an_id_as_long() -> None:
    tracker = Tracker(0.25)
    for i in range(60):
        tracker.update(boxes([(50, 100)]), i / 60)
    for i in range(4):
        tracker.update(boxes([]), 1 + i / 4)
    assert tracker.update(boxes([(50, 100)]), 1.9).ids.tolist() == [1]


def test_importing_the_tracker_does_not_replace_image_open() -> None:
    """Importing ultralytics replaces `PIL.Image.open`; others do: a process of its own."""
    code = (
        "from PIL import Image; from demo.tracking.tracker import Tracker; "
        "Tracker(0.25); print(Image.open.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "PIL.Image"


def test_a_box_of_a_low_score_continues_a_track_for_a_second() -> None:
    tracker = Timed(0.5)
    assert tracker.update(boxes([(50, 50)], 0.9)).ids.tolist() == [1]
    shown = [len(tracker.update(boxes([(50, 50)], 0.3)).ids) for _ in range(14)]
    assert shown == [1] * 10 + [0] * 4
    assert tracker.update(boxes([(50, 50)], 0.9)).ids.tolist() == [1]


def test_a_raised_confidence_hides_at_once_and_a_lowered_one_shows_the_same_ids() -> None:
    tracker = Timed(0.25)
    assert tracker.update(boxes([(50, 50)], 0.6)).ids.tolist() == [1]
    tracker.set_confidence(0.95)
    assert tracker.update(boxes([(50, 50)], 0.6)).ids.tolist() == []
    tracker.set_confidence(0.25)
    assert tracker.update(boxes([(50, 50)], 0.6)).ids.tolist() == [1]


def test_each_id_once() -> None:
    with pytest.raises(ValueError, match="once"):
        tracked([(50, 50), (90, 90)], [1, 1])
    tracked([(50, 50), (90, 90)], [0, 0])


def test_a_trail_follows_the_centre_and_ends() -> None:
    trails = Trails()
    for i in range(15):
        trails.update(tracked([(50 + i, 60), (200, 200)], [3, 0]), i / 5)
    [(class_id, points)] = trails.paths()
    assert class_id == 0
    assert points.tolist() == [[50 + i, 60] for i in range(4, 15)]
    for i in range(15, 26):
        trails.update(tracked([], []), i / 5)
    assert trails.paths() == []


def test_a_track_counts_once_for_its_most_frequent_label() -> None:
    counts = TrackCounts()
    for class_id in (0, 1, 1):
        counts.update(tracked([(50, 50), (90, 90)], [1, 0], class_id))
    counts.update(tracked([(50, 50)], [2], 0))
    assert counts.counts() == {"cat": 1, "dog": 1}


UPRIGHT = CountingLine(100, 200, 100, 0)
"""Upwards: its right side is the right one of the picture."""


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        ([(50, 100), (150, 100)], (1, 0)),
        ([(150, 100), (50, 100)], (0, 1)),
        ([(50, 100), (150, 100), (50, 100), (150, 100)], (2, 1)),
        # Stops on the line, then goes on; stops on the line, then turns back.
        ([(50, 100), (100, 100), (150, 100)], (1, 0)),
        ([(50, 100), (100, 100), (50, 100)], (0, 0)),
        # Around the end of the line.
        ([(50, 250), (150, 250)], (0, 0)),
        # In small steps.
        ([(90 + i, 100) for i in range(20)], (1, 0)),
        # Along it.
        ([(90, 10), (90, 190)], (0, 0)),
    ],
)
def test_a_crossing_counts_once_each_way(
    way: list[tuple[float, float]], counts: tuple[int, int]
) -> None:
    counter = LineCounter(UPRIGHT)
    for place in way:
        counter.update(tracked([place], [7]))
    assert (counter.rightward.total(), counter.leftward.total()) == counts


def test_crossings_are_counted_by_label_and_track() -> None:
    counter = LineCounter(UPRIGHT)
    counter.update(tracked([(50, 50), (150, 150)], [1, 2], 1))
    counter.update(tracked([(150, 50), (50, 150)], [1, 2], 1))
    # Without an id its previous position is unknown.
    counter.update(tracked([(50, 50)], [0]))
    counter.update(tracked([(150, 50)], [0]))
    assert counter.counts() == {"rightward": {"dog": 1}, "leftward": {"dog": 1}}


def test_a_line_is_parsed_from_text() -> None:
    assert CountingLine.parse("1, 2,3.5,4") == CountingLine(1, 2, 3.5, 4)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,1,2", "nan,0,1,1", "inf,0,1,1", "1e9,0,1,1"]
)
def test_an_invalid_line_is_refused(text: str) -> None:
    with pytest.raises(DemoError) as caught:
        CountingLine.parse(text)
    assert caught.value.key == "video_line"


@pytest.mark.parametrize(
    ("line", "arrows"),
    [
        (CountingLine(0, 0, 0, 9), ("←", "→")),
        (CountingLine(0, 9, 0, 0), ("→", "←")),
        (CountingLine(0, 0, 9, 0), ("↓", "↑")),
        (CountingLine(0, 9, 9, 0), ("↘", "↖")),
    ],
)
def test_arrows_point_in_the_crossing_directions(
    line: CountingLine, arrows: tuple[str, str]
) -> None:
    assert line.arrows() == arrows
