"""Antialiased resizing against torchvision's."""

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode, functional

from demo.geometry.antialias import resize_antialiased
from demo.results import Image
from demo.service import examples

WAYS = ("bilinear", "bicubic")


def torchvision_resized(image: Image, size_wh: tuple[int, int], interpolation: str) -> Image:
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    size = [size_wh[1], size_wh[0]]
    way = InterpolationMode(interpolation)
    resized = functional.resize(pixels, size, interpolation=way, antialias=True)
    return np.ascontiguousarray(resized.permute(1, 2, 0).numpy())


def photos() -> list[Image]:
    found = [cv2.imread(str(path)) for path in examples.paths()[:4]]
    return [np.ascontiguousarray(bgr[..., ::-1]) for bgr in found if bgr is not None]


@pytest.mark.parametrize("interpolation", WAYS)
@pytest.mark.parametrize("side", [32, 224, 299, 1500])
def test_photos_are_torchvisions_but_for_what_is_rounded(interpolation: str, side: int) -> None:
    for image in photos():
        height, width = image.shape[:2]
        size_wh = (side * width // min(width, height), side * height // min(width, height))
        found = resize_antialiased(image, size_wh, interpolation)
        expected = torchvision_resized(image, size_wh, interpolation)
        levels = np.abs(found.astype(int) - expected)
        assert levels.max() <= 1
        assert (levels > 0).mean() <= (2e-3 if side == 1500 else 5e-4)  # halves are many, enlarged


@pytest.mark.parametrize("interpolation", WAYS)
def test_one_pixel_and_a_line(interpolation: str) -> None:
    for height, width in ((1, 1), (1, 50), (50, 1)):
        image = np.full((height, width, 3), (10, 20, 30), np.uint8)
        found = resize_antialiased(image, (7, 5), interpolation)
        assert (found == (10, 20, 30)).all()
        assert found.shape == (5, 7, 3)


def test_overshoot_of_the_bicubic_filter_is_cut_off() -> None:
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, 4:] = 255
    found = resize_antialiased(image, (64, 4), "bicubic")
    assert found.min() == 0
    assert found.max() == 255
    assert np.array_equal(found, torchvision_resized(image, (64, 4), "bicubic"))


def test_the_same_size_is_the_picture_itself() -> None:
    image = photos()[0]
    assert resize_antialiased(image, image.shape[1::-1], "bilinear") is image


def test_another_filter_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        resize_antialiased(photos()[0], (8, 8), "nearest")
