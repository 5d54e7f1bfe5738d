from dataclasses import replace

import numpy as np
import pytest

from demo.results.poses import Poses, Skeleton
from tests.support.poses import persons


def test_rows_keep_their_keypoints() -> None:
    found = persons(3, (60, 30))
    kept = found.select(0.5)
    assert isinstance(kept, Poses)
    np.testing.assert_array_equal(kept.keypoints, found.keypoints[:2])
    turned = found[np.array([2, 0])]
    np.testing.assert_array_equal(turned.keypoints, found.keypoints[[2, 0]])
    assert turned.scores.tolist() == found.scores[[2, 0]].tolist()
    assert found.size_bytes > found.keypoints.nbytes


def test_keypoints_of_a_low_score_are_not_seen() -> None:
    assert persons(1, (60, 30), hidden=(4,)).visible().sum() == 16


@pytest.mark.parametrize("change", [np.nan, 1.5])
def test_impossible_keypoints_are_refused(change: float) -> None:
    found = persons(2, (60, 30))
    points = found.keypoints.copy()
    points[1, 3, 2] = change
    with pytest.raises(ValueError, match="expected finite keypoints"):
        replace(found, keypoints=points)


def test_another_number_of_keypoints_is_refused() -> None:
    found = persons(2, (60, 30))
    with pytest.raises(ValueError, match=r"expected \(2, 17, 3\)"):
        replace(found, keypoints=found.keypoints[:1])
    with pytest.raises(ValueError, match="expected finite boxes"):
        replace(found, xyxy=-found.xyxy)
    with pytest.raises(ValueError, match="expected limbs between 2"):
        Skeleton(("a", "b"), ((0, 2),))
