import numpy as np
import pytest

from demo.drawing.detections import draw_detections
from demo.drawing.palette import palette
from demo.drawing.poses import draw_poses, keypoint_colours, limb_colours
from demo.models.coco_pose import SKELETON
from demo.results import Image
from demo.results.poses import Skeleton
from tests.support.poses import persons


def grey(width: int = 400, height: int = 400) -> Image:
    return np.full((height, width, 3), 128, np.uint8)


def pixel(image: Image, place: np.ndarray) -> list[int]:
    x, y = place[:2].astype(int).tolist()
    values: list[int] = image[y, x].tolist()
    return values


def test_the_input_stays_untouched() -> None:
    image = grey()
    image.setflags(write=False)
    drawn = draw_poses(image, persons(1, (400, 400)))
    assert (image == 128).all()
    assert not np.shares_memory(drawn, image)


def test_every_keypoint_is_drawn_in_the_colour_of_its_side() -> None:
    found = persons(1, (400, 400))
    drawn = draw_poses(grey(), found, 3)
    colours = keypoint_colours(SKELETON)
    for i in range(5, 17):
        assert pixel(drawn, found.keypoints[0, i]) == list(colours[i]), SKELETON.names[i]
    assert len(set(colours)) == 3


def test_limbs_lie_between_their_keypoints() -> None:
    found = persons(1, (400, 400))
    drawn = draw_poses(grey(), found, 5)
    for (one, other), colour in zip(SKELETON.limbs[:4], limb_colours(SKELETON), strict=False):
        middle = (found.keypoints[0, one] + found.keypoints[0, other]) / 2
        assert pixel(drawn, middle) == list(colour)


def test_a_keypoint_that_is_not_seen_is_left_out_with_its_limbs() -> None:
    """The left wrist and the limb to it; the rest is drawn as before."""
    whole, hidden = persons(1, (400, 400)), persons(1, (400, 400), hidden=(9,))
    plain = draw_detections(grey(), hidden)
    drawn = draw_poses(grey(), hidden)
    wrist, elbow = whole.keypoints[0, 9], whole.keypoints[0, 7]
    for place in (wrist, (wrist + elbow) / 2):
        assert pixel(drawn, place) == pixel(plain, place)
        assert pixel(draw_poses(grey(), whole), place) != pixel(plain, place)
    assert pixel(drawn, elbow) != pixel(plain, elbow)


def test_without_sides_each_has_a_colour_of_its_own() -> None:
    skeleton = Skeleton(("a", "b", "c"), ((0, 1), (1, 2)))
    assert keypoint_colours(skeleton) == [palette(i) for i in range(3)]
    assert limb_colours(skeleton) == [palette(0), palette(1)]


def test_nothing_found_is_an_equal_copy_and_another_size_is_refused() -> None:
    none = persons(1, (400, 400)).select(1.0)
    np.testing.assert_array_equal(draw_poses(grey(), none), grey())
    with pytest.raises(ValueError, match="expected a picture of"):
        draw_poses(grey(200, 100), none)
