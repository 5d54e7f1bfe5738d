"""Covered boxes are unrecognisable, also for a moment after their last detection; the heat map."""

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.results import Detections
from demo.tracking.anonymizer import Anonymizer
from demo.tracking.heat_map import HeatMap

LABELS = ("face", "dog")
SIZE_WH = (320, 240)


def found(*rows: tuple[tuple[float, float, float, float], int, float]) -> Detections:
    return Detections(
        np.array([xyxy for xyxy, _, _ in rows], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in rows], np.float32),
        np.array([class_id for _, class_id, _ in rows], np.int64),
        LABELS,
        SIZE_WH,
    )


@pytest.fixture
def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)


def contrast(picture: NDArray[np.uint8]) -> float:
    """Mean difference of neighbouring pixels, by which letters, eyes and mouths are seen."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


def test_only_the_chosen_classes_are_covered(noise: NDArray[np.uint8]) -> None:
    boxes = found(((40, 40, 120, 120), 0, 0.9), ((200, 40, 280, 120), 1, 0.9))
    covered = Anonymizer().cover(noise, 0.0, boxes, ("face",))
    assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)
    assert (covered[40:120, 200:280] == noise[40:120, 200:280]).all()


def test_the_input_stays_untouched(noise: NDArray[np.uint8]) -> None:
    before = noise.copy()
    Anonymizer().cover(noise, 0.0, found(((40, 40, 120, 120), 0, 0.9)), ("face",))
    assert (noise == before).all()


def test_a_box_of_a_low_score_is_covered(noise: NDArray[np.uint8]) -> None:
    covered = Anonymizer().cover(noise, 0.0, found(((40, 40, 120, 120), 0, 0.12)), ("face",))
    assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)


@pytest.mark.parametrize("per_second", [5, 10, 15, 25, 60])
def test_a_lost_box_stays_covered_for_half_a_second(
    noise: NDArray[np.uint8], per_second: int
) -> None:
    anonymizer = Anonymizer()
    anonymizer.cover(noise, 7.0, found(((40, 40, 120, 120), 0, 0.9)), ("face",))
    frame = 1
    while frame / per_second < 0.49:
        covered = anonymizer.cover(noise, 7 + frame / per_second, found(), ("face",))
        assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)
        frame += 1
    assert (anonymizer.cover(noise, 7.51, found(), ("face",)) == noise).all()


def test_the_next_frame_is_covered_however_late_it_comes(noise: NDArray[np.uint8]) -> None:
    anonymizer = Anonymizer()
    anonymizer.cover(noise, 0.0, found(((40, 40, 120, 120), 0, 0.9)), ("face",))
    late = anonymizer.cover(noise, 3.0, found(), ("face",))
    assert contrast(late[40:120, 40:120]) < 0.1 * contrast(noise)
    assert (anonymizer.cover(noise, 3.1, found(), ("face",)) == noise).all()


def test_a_frame_of_another_size_is_covered_at_the_same_place(noise: NDArray[np.uint8]) -> None:
    anonymizer = Anonymizer()
    anonymizer.cover(noise, 0.0, found(((160, 120, 240, 200), 0, 0.9)), ("face",))
    half = noise[::2, ::2].copy()
    covered = anonymizer.cover(half, 0.1, Detections.empty(LABELS, (160, 120)), ("face",))
    assert contrast(covered[60:100, 80:120]) < 0.2 * contrast(half)
    assert (covered[:40, :60] == half[:40, :60]).all()


@pytest.mark.parametrize(
    "xyxy", [(-50, -50, 20, 20), (300, 200, 500, 400), (0, 0, 320, 240), (5, 5, 5, 60)]
)
def test_a_box_at_the_edge_or_without_width(
    noise: NDArray[np.uint8], xyxy: tuple[float, float, float, float]
) -> None:
    covered = Anonymizer().cover(noise, 0.0, found((xyxy, 0, 0.9)), ("face",))
    assert covered.shape == noise.shape
    assert (covered != noise).any()


def test_too_few_pixels_are_left_to_recognise_anyone() -> None:
    """Two images that agree on a grid of six by six cells give nearly equal results."""
    one = np.zeros((240, 320, 3), np.uint8)
    two = np.zeros((240, 320, 3), np.uint8)
    one[:, ::2] = 200
    two[:, 1::2] = 200
    boxes = found(((40, 40, 280, 200), 0, 0.9))
    a, b = (
        Anonymizer().cover(p, 0.0, boxes, ("face",))[60:180, 60:260].astype(int) for p in (one, two)
    )
    assert np.abs(a - b).max() <= 3


class TestHeatMap:
    def test_it_is_brightest_where_most_boxes_were(self) -> None:
        heat = HeatMap()
        for _ in range(9):
            heat.update(found(((60, 60, 100, 100), 0, 0.9)))
        heat.update(found(((220, 140, 260, 180), 0, 0.9)))
        drawn = heat.draw(np.zeros((240, 320, 3), np.uint8)).astype(int).sum(2)
        assert drawn[80, 80] > drawn[160, 240] > drawn[20, 300] == 0

    def test_no_box_changes_nothing(self, noise: NDArray[np.uint8]) -> None:
        heat = HeatMap()
        assert (heat.draw(noise) == noise).all()
        heat.update(found())
        assert (heat.draw(noise) == noise).all()

    def test_another_frame_size_clears_it(self) -> None:
        heat = HeatMap()
        heat.update(found(((60, 60, 100, 100), 0, 0.9)))
        heat.update(Detections.empty(LABELS, (64, 48)))
        canvas = np.full((48, 64, 3), 9, np.uint8)
        assert (heat.draw(canvas) == canvas).all()

    def test_centres_outside_the_frame_are_ignored(self) -> None:
        heat = HeatMap()
        heat.update(found(((-300, -300, -100, -100), 0, 0.9), ((400, 300, 900, 900), 0, 0.9)))
        canvas = np.zeros((240, 320, 3), np.uint8)
        assert (heat.draw(canvas) == canvas).all()
