"""The videos for measuring tracking have the ground truth that they claim; errors are counted."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import moving
from benchmarks.moving import Thing, Truth
from benchmarks.tracking import described, events, scored, table
from demo.geometry import boxes
from tests.support.clips import shown


def truth(ids: list[int], lefts: list[float]) -> Truth:
    """Boxes of 10 × 10 side by side."""
    xyxy = np.array([(x, 0, x + 10, 10) for x in lefts], np.float32).reshape(-1, 4)
    return Truth(np.array(ids, np.int64), xyxy)


def test_objects_cross_and_occlude_each_other(shared_data: Path) -> None:
    """Seed 0 of the benchmark: an object is hidden for a moment and keeps its number."""
    things = moving.scene(shared_data, 0, 6, lambda picture, box: True)
    truths = [truth for _, truth in moving.frames(things, 0, 400)]
    assert max(len(truth.ids) for truth in truths) == 6
    hidden = crossings = 0
    for number in range(1, 7):
        there = [index for index, truth in enumerate(truths) if number in truth.ids]
        hidden += sum(after - before > 1 for before, after in pairwise(there))
    for truth in truths:
        overlaps = boxes.iou(truth.xyxy, truth.xyxy)
        crossings += bool((np.triu(overlaps, 1) > 0.3).any())
        assert (truth.xyxy >= 0).all()
        assert (truth.xyxy <= np.tile(moving.SIZE_WH, 2)).all()
    assert hidden >= 2
    assert crossings >= 50


def test_an_occluded_object_is_not_in_the_ground_truth() -> None:
    patch = np.full((20, 20, 3), 200, np.uint8)
    box = np.array((0, 0, 20, 20), np.float32)
    behind = Thing(patch, box, (100, 100), (0, 0))
    before = Thing(patch, box, (80, 100), (1, 0))
    there = [truth.ids.tolist() for _, truth in moving.frames([behind, before], 0, 42)]
    # A quarter of 20 pixels can be seen until the nearer one has covered more than 15.
    assert there == [[1, 2] if abs(i - 20) >= 5 else [2] for i in range(42)]


def test_one_seed_is_one_film(shared_data: Path, tmp_path: Path) -> None:
    films = []
    for name in ("a.mp4", "b.mp4"):
        things = moving.scene(shared_data, 3, 2, lambda picture, box: True)
        assert len(moving.write_video(tmp_path / name, things, 3, 5)) == 5
        films.append((tmp_path / name).read_bytes())
    assert films[0] == films[1]
    assert [picture.shape for _, picture in shown(tmp_path / "a.mp4")] == [(360, 640, 3)] * 5


def test_switches_misses_and_false_boxes_are_counted() -> None:
    """MOTA = 1 − (misses + false boxes + switches) / true boxes (Bernardin 2008)."""
    known = [truth([1, 2], [0, 50])] * 5
    whole = [truth([7, 8], [0, 50])] * 5
    swapped = [*whole[:3], truth([8, 7], [0, 50]), truth([8], [0])]
    false = [truth([7, 8, 9], [0, 50, 200]), *whole[1:]]
    told = table(scored({name: [events(known, t)] for name, t in (("a", whole), ("b", swapped))}))
    first, second = told.splitlines()
    assert "id switches 0, fragments 0, MOTA 1.000, IDF1 1.000" in first
    assert "id switches 2, fragments 0, MOTA 0.700" in second
    assert "missed 1, true boxes 10" in second
    assert "MOTA 0.900" in table(scored({"c": [events(known, false)]}))


@pytest.mark.parametrize(
    ("tracks", "told"),
    [
        ([truth([], [])], "no tracks"),
        (
            [truth([1, 2], [0, 50]), truth([1], [0]), truth([1, 2], [0, 50])],
            "2 tracks, median length 2.5 frames, 1 interruptions",
        ),
    ],
)
def test_a_film_without_truth_is_described(tracks: list[Truth], told: str) -> None:
    assert described(tracks) == told
