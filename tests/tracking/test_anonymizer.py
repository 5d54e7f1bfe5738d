"""What is hidden cannot be made out, also a moment after it was last found."""

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
    """Mean difference of neighbours: what letters, eyes and mouths are made of."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


def test_what_is_chosen_is_hidden_and_nothing_else(noise: NDArray[np.uint8]) -> None:
    boxes = found(((40, 40, 120, 120), 0, 0.9), ((200, 40, 280, 120), 1, 0.9))
    covered = Anonymizer(10).cover(noise, boxes, ("face",))
    assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)
    assert (covered[40:120, 200:280] == noise[40:120, 200:280]).all()


def test_the_picture_itself_stays_as_it_was(noise: NDArray[np.uint8]) -> None:
    before = noise.copy()
    Anonymizer(10).cover(noise, found(((40, 40, 120, 120), 0, 0.9)), ("face",))
    assert (noise == before).all()


def test_a_doubtful_face_is_hidden_too(noise: NDArray[np.uint8]) -> None:
    covered = Anonymizer(10).cover(noise, found(((40, 40, 120, 120), 0, 0.12)), ("face",))
    assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)


def test_a_lost_face_stays_hidden_for_half_a_second(noise: NDArray[np.uint8]) -> None:
    veil = Anonymizer(per_second=10)
    veil.cover(noise, found(((40, 40, 120, 120), 0, 0.9)), ("face",))
    for _ in range(4):
        covered = veil.cover(noise, found(), ("face",))
        assert contrast(covered[40:120, 40:120]) < 0.1 * contrast(noise)
    assert (veil.cover(noise, found(), ("face",)) == noise).all()


@pytest.mark.parametrize(
    "xyxy", [(-50, -50, 20, 20), (300, 200, 500, 400), (0, 0, 320, 240), (5, 5, 5, 60)]
)
def test_a_box_at_the_edge_or_as_thin_as_a_line(
    noise: NDArray[np.uint8], xyxy: tuple[float, float, float, float]
) -> None:
    covered = Anonymizer(10).cover(noise, found((xyxy, 0, 0.9)), ("face",))
    assert covered.shape == noise.shape
    assert (covered != noise).any()


def test_too_few_pixels_are_left_to_know_anyone_by() -> None:
    """Two pictures that agree in a grid of six by six cells cannot be told apart."""
    one = np.zeros((240, 320, 3), np.uint8)
    two = np.zeros((240, 320, 3), np.uint8)
    one[:, ::2] = 200
    two[:, 1::2] = 200
    boxes = found(((40, 40, 280, 200), 0, 0.9))
    a, b = (
        Anonymizer(10).cover(p, boxes, ("face",))[60:180, 60:260].astype(int) for p in (one, two)
    )
    assert np.abs(a - b).max() <= 3


class TestHeat:
    def test_it_is_brightest_where_most_was(self) -> None:
        heat = HeatMap()
        for _ in range(9):
            heat.update(found(((60, 60, 100, 100), 0, 0.9)))
        heat.update(found(((220, 140, 260, 180), 0, 0.9)))
        drawn = heat.draw(np.zeros((240, 320, 3), np.uint8)).astype(int).sum(2)
        assert drawn[80, 80] > drawn[160, 240] > drawn[20, 300] == 0

    def test_nothing_seen_changes_nothing(self, noise: NDArray[np.uint8]) -> None:
        heat = HeatMap()
        assert (heat.draw(noise) == noise).all()
        heat.update(found())
        assert (heat.draw(noise) == noise).all()

    def test_another_frame_size_starts_anew(self) -> None:
        heat = HeatMap()
        heat.update(found(((60, 60, 100, 100), 0, 0.9)))
        heat.update(Detections.empty(LABELS, (64, 48)))
        canvas = np.full((48, 64, 3), 9, np.uint8)
        assert (heat.draw(canvas) == canvas).all()

    def test_middles_outside_the_frame_are_left_out(self) -> None:
        heat = HeatMap()
        heat.update(found(((-300, -300, -100, -100), 0, 0.9), ((400, 300, 900, 900), 0, 0.9)))
        canvas = np.zeros((240, 320, 3), np.uint8)
        assert (heat.draw(canvas) == canvas).all()
