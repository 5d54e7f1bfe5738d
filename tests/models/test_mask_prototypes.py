"""Masks from prototypes, against what ultralytics' `process_mask_native` makes of the same."""

import tracemalloc

import numpy as np
import pytest
import torch

from demo.geometry.letterbox import Letterbox
from demo.models.mask_prototypes import MaskPrototypes
from demo.models.ultralytics import tasks
from tests.support.masks import whole

SIZES = [(640, 480), (480, 640), (333, 500), (1000, 37), (97, 911), (64, 64), (1, 1), (1283, 721)]


def made(size_wh: tuple[int, int], boxes: int = 12, side: int = 320) -> MaskPrototypes:
    """Random prototypes, and boxes from small to whole pictures."""
    dice = np.random.default_rng(0)
    height, width = Letterbox.fit(size_wh, side).input_hw
    prototypes = dice.normal(size=(32, height // 4, width // 4)).astype(np.float32)
    coefficients = dice.normal(size=(boxes, 32)).astype(np.float32)
    size = np.array(size_wh)
    low = dice.uniform(0, 0.6, (boxes, 2)) * size
    high = low + dice.uniform(0.05, 0.9, (boxes, 2)) * size
    xyxy = np.concatenate([low, np.minimum(high, size)], axis=1)
    xyxy[0] = (0, 0, *size_wh)
    return MaskPrototypes(prototypes, coefficients, xyxy.astype(np.float32), size_wh)


@pytest.mark.parametrize("size_wh", SIZES)
def test_they_are_those_of_ultralytics_native(size_wh: tuple[int, int]) -> None:
    tasks()
    from ultralytics.utils.ops import process_mask_native

    masks = made(size_wh)
    theirs = process_mask_native(
        torch.from_numpy(masks.prototypes),
        torch.from_numpy(masks.coefficients),
        torch.from_numpy(masks.xyxy),
        size_wh[::-1],
    ).numpy()
    ours = masks.runs()
    for i, wanted in enumerate(theirs.astype(bool)):
        pixels = whole(ours, i)
        # The two round differently where a logit is next to nothing.
        assert (pixels != wanted).sum() <= 1e-3 * wanted.size
        union = (pixels | wanted).sum()
        assert (pixels & wanted).sum() >= 0.99 * union


def test_a_selection_is_that_of_the_pixels() -> None:
    masks = made((120, 90))
    every, chosen = masks.runs(), masks[np.array([3, 0])].runs()
    assert chosen.counts[0].tolist() == every.counts[3].tolist()
    assert chosen.counts[1].tolist() == every.counts[0].tolist()
    assert len(masks[np.zeros(12, np.bool_)].runs()) == 0


def test_a_box_between_two_pixels_has_an_empty_mask() -> None:
    masks = made((120, 90), 2)
    masks.xyxy[:] = np.array([[10.2, 20, 10.8, 40], [5, 5, 5, 5]])
    assert masks.runs().areas().tolist() == [0, 0]


def test_other_shapes_are_refused() -> None:
    masks = made((120, 90), 2)
    with pytest.raises(ValueError, match="N×K"):
        MaskPrototypes(masks.prototypes, masks.coefficients[:, :31], masks.xyxy, (120, 90))


def test_masks_of_twenty_megapixels_take_little_memory() -> None:
    size_wh = (5000, 4000)
    masks = made(size_wh, 100)
    ramp = np.zeros_like(masks.prototypes)
    ramp[:] = np.linspace(-1, 1.1, ramp.shape[2])
    whole_picture = np.tile(np.array([[0, 0, *size_wh]], np.float32), (100, 1))
    smooth = MaskPrototypes(ramp, np.abs(masks.coefficients), whole_picture, size_wh)
    tracemalloc.start()
    runs = smooth[np.arange(3)].runs()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (runs.areas() > 8_000_000).all()
    assert runs.size_bytes < 3_000_000 / 100 * 3
    assert peak < 250_000_000
