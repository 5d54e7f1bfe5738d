"""Run lengths against plain pixels, and outlines against the area of the pixels."""

import numpy as np
import pytest
from faster_coco_eval import mask as coco_mask
from numpy.typing import NDArray

from demo.geometry.masks import Window, decode, encode, joined, mask_iou, outlines, ring_area
from demo.results import RunLengths
from tests.support.masks import blobs, run_lengths, whole


def noises(count: int) -> list[NDArray[np.bool_]]:
    dice = np.random.default_rng(0)
    found = []
    for _ in range(count):
        shape = dice.integers(1, 12, 2)
        found.append(dice.random(shape) < dice.choice([0, 0.1, 0.5, 0.9, 1]))
    return found


def test_encoding_is_that_of_coco() -> None:
    for pixels in noises(60):
        masks = run_lengths(pixels[None])
        counts = masks.counts[0].tolist()
        height, width = pixels.shape
        theirs = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
        assert np.array_equal(coco_mask.decode(theirs).astype(bool), pixels)


@pytest.mark.parametrize("place", [(0, 0), (1, 0), (0, 2), (3, 1)])
def test_a_window_lies_in_its_place(place: tuple[int, int]) -> None:
    x, y = place
    for pixels in noises(60):
        rows, columns = pixels.shape
        size_wh = (x + columns + 1, y + rows)
        whole_pixels = np.zeros(size_wh[::-1], np.bool_)
        whole_pixels[y:, x : x + columns] = pixels
        counts = encode(Window(pixels, x, y), size_wh)
        assert counts.tolist() == run_lengths(whole_pixels[None]).counts[0].tolist()
        masks = RunLengths((counts,), size_wh)
        assert np.array_equal(whole(masks, 0), whole_pixels)
        window = decode(masks, 0).pixels
        if window.size:
            edges = (window[0], window[-1], window[:, 0], window[:, -1])
            assert all(edge.any() for edge in edges), "it is the smallest"


def test_a_window_beyond_the_picture_is_refused() -> None:
    for x, y in ((-1, 0), (0, -1), (3, 0), (0, 3)):
        with pytest.raises(ValueError, match="inside of"):
            encode(Window(np.ones((2, 2), np.bool_), x, y), (4, 4))


def test_outlines_hold_exactly_the_pixels() -> None:
    for pixels in noises(200):
        rings = outlines(Window(pixels, 5, 7))
        assert sum(abs(ring_area(ring)) for ring in rings) == pixels.sum()
        for ring in rings:
            steps = np.roll(ring, -1, axis=0) - ring
            assert len(ring) >= 4
            assert steps.any(axis=1).all() or len(ring) > 4, "only cuts may come twice"


def test_the_outline_of_a_square_and_of_its_hole() -> None:
    pixels = np.ones((4, 4), np.bool_)
    [square] = outlines(Window(pixels, 10, 20))
    assert sorted(square.tolist()) == [[10, 20], [10, 24], [14, 20], [14, 24]]
    pixels[1:3, 1:3] = False
    [ring] = outlines(Window(pixels, 10, 20))
    assert abs(ring_area(ring)) == 12
    assert {tuple(corner) for corner in ring.tolist()} >= {(11, 21), (13, 23), (10, 20)}


def test_fewer_corners_keep_the_area() -> None:
    corners = {0.0: 0, 1.0: 0}
    for pixels in blobs(12, (300, 200)):
        for tolerance in corners:
            rings = outlines(Window(pixels, 0, 0), tolerance)
            corners[tolerance] += sum(map(len, rings))
            area = sum(abs(ring_area(ring)) for ring in rings)
            assert area == pytest.approx(pixels.sum(), rel=0.01 if tolerance else 0)
    assert corners[1.0] < 0.6 * corners[0.0]


def test_joined_rings_have_the_area_of_all() -> None:
    for pixels in blobs(12, (300, 200), seed=1):
        rings = outlines(Window(pixels, 0, 0))
        assert abs(ring_area(joined(rings))) == pixels.sum()


def test_the_overlap_of_masks_is_that_of_their_pixels() -> None:
    one, other = blobs(5, (91, 67), seed=1), blobs(4, (91, 67), seed=2)
    other[0], one[1], other[2] = one[0], False, False
    found = mask_iou(run_lengths(one), run_lengths(other))
    both = (one[:, None] & other[None]).sum((2, 3))
    either = (one[:, None] | other[None]).sum((2, 3))
    np.testing.assert_allclose(found, both / np.maximum(either, 1), atol=1e-12)
    assert found[0, 0] == 1
    assert found[1, 2] == 0
    wanted = np.zeros((5, 4), np.bool_)
    wanted[0, 0] = True
    assert mask_iou(run_lengths(one), run_lengths(other), wanted).sum() == 1
