"""Masks as run lengths check themselves, and are selected as boxes are."""

import numpy as np
import pytest

from demo.run_lengths import RunLengths


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
