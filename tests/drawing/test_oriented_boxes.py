import math

import numpy as np
import pytest

from demo.drawing.oriented_boxes import draw_oriented
from demo.drawing.palette import palette
from demo.geometry.rotated_boxes import corners
from demo.results import Image
from tests.support.turned import turned


def grey() -> Image:
    return np.full((240, 320, 3), 128, np.uint8)


def test_the_outline_is_turned() -> None:
    image = grey()
    image.setflags(write=False)
    found = turned([[160, 140, 120, 40, 0.6]], class_ids=[1])
    drawn = draw_oriented(image, found, 3)
    assert not np.shares_memory(drawn, image)
    points = corners(found.xywhr)[0]
    for one, other in zip(points, np.roll(points, 1, axis=0), strict=True):
        x, y = ((one + other) / 2).astype(int)
        assert drawn[y, x].tolist() == list(palette(1)) or y < 130, "the upper sides have a plate"
    assert (drawn[138:143, 150:170] == 128).all(), "nothing inside"
    x0, y1 = found.xyxy[0, [0, 3]].astype(int)
    assert (drawn[y1 - 6 : y1, x0 : x0 + 6] == 128).all(), (
        "nothing in the corner of the upright box"
    )
    assert (drawn[y1 + 4 :] == 128).all()


def test_plates_are_at_the_upper_side_and_captions_stand_on_them() -> None:
    found = turned([[160, 140, 40, 120, math.pi / 4]])
    plain = draw_oriented(grey(), found)
    x, y = corners(found.xywhr)[0][np.argsort(corners(found.xywhr)[0, :, 1])[0]].astype(int)
    assert (plain[y - 12 : y, x - 10 : x + 30] != 128).any()
    assert (plain != draw_oriented(grey(), found, captions=["plane #3"])).any()
    np.testing.assert_array_equal(plain, draw_oriented(grey(), found, captions=["plane"]))


def test_boxes_that_leave_the_picture_are_drawn_and_none_is_an_equal_copy() -> None:
    drawn = draw_oriented(grey(), turned([[0, 0, 900, 30, 0.5], [400, 300, 30, 30, 1]]))
    assert (drawn != 128).any()
    np.testing.assert_array_equal(draw_oriented(grey(), turned([])), grey())
    with pytest.raises(ValueError, match="expected a picture of"):
        draw_oriented(grey()[:100], turned([]))
    with pytest.raises(ValueError, match="expected 0 captions"):
        draw_oriented(grey(), turned([]), captions=["a"])
