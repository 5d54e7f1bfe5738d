from dataclasses import replace

import numpy as np
import pytest

from demo.results.oriented_boxes import OrientedBoxes
from tests.support.turned import fleet


def test_rows_keep_their_angle() -> None:
    found = fleet(4)
    kept = found.select(0.6)
    assert isinstance(kept, OrientedBoxes)
    np.testing.assert_array_equal(kept.xywhr, found.xywhr[:2])
    np.testing.assert_array_equal(found[np.array([3, 0])].xywhr, found.xywhr[[3, 0]])
    assert found.size_bytes >= found.xywhr.nbytes


def test_impossible_boxes_are_refused() -> None:
    found = fleet(4)
    with pytest.raises(ValueError, match="width and height"):
        replace(found, xywhr=-found.xywhr)
    with pytest.raises(ValueError, match="expected finite"):
        replace(found, xywhr=found.xywhr * np.float32(np.nan))
    with pytest.raises(ValueError, match="expected 4×5"):
        replace(found, xywhr=found.xywhr[:3])
    with pytest.raises(ValueError, match="expected scores"):
        replace(found, scores=found.scores + 1)
