"""Augmentation of training pictures, learning rate schedules, growing picture sizes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from demo.lab.recipe import ClassifierRecipe, find_recipe, size_at
from demo.lab.training.batches import augment, normalise, resize
from demo.lab.training.schedules import SCHEDULES, one_cycle, triangle


def recipe_with(**changes: object) -> ClassifierRecipe:
    recipe = find_recipe("cnn-cifar10")
    assert isinstance(recipe, ClassifierRecipe)
    return replace(recipe, **changes)  # type: ignore[arg-type]


def test_shift_and_mirror_apply_to_all_channels_alike() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(32 * 32).remainder(251).view(1, 1, 32, 32).to(torch.uint8)
    pixels = ramp.expand(64, 3, 32, 32)
    out = augment(pixels, recipe_with(pad=0), 0, range(64), (32, 32))
    mirrored = (out != pixels).flatten(1).any(1)
    assert 16 < int(mirrored.sum()) < 48
    assert torch.equal(out[mirrored], pixels[mirrored].flip(3))
    out = augment(pixels, recipe_with(flip=False), 0, range(64), (32, 32))
    assert torch.equal(out[:, 0], out[:, 2])
    wide = torch.nn.functional.pad(ramp.float(), (4,) * 4, mode="reflect")[0, 0].to(torch.uint8)
    windows = {wide[y : y + 32, x : x + 32].numpy().tobytes() for y in range(9) for x in range(9)}
    shown = {picture[0].numpy().tobytes() for picture in out}
    assert shown <= windows
    assert len(shown) > 20


def test_pixels_are_normalised_by_mean_and_std() -> None:
    pixels = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    out = normalise(pixels, (0.5, 0.5, 0.1), (0.25, 0.5, 0.2)).flatten().tolist()
    assert out == pytest.approx([-2.0, 1.0, 0.5])


def test_transforms_depend_on_the_seed_and_the_index_of_a_picture() -> None:
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (4, 3, 40, 40), generator=random, dtype=torch.uint8)
    recipe = recipe_with(pad=0, flip=False, transforms=(("crop", {"smallest": 0.3}),))
    first = augment(pixels, recipe, 5, [0, 1, 2, 3], (32, 32))
    assert first.shape == (4, 3, 32, 32)
    assert first.dtype == torch.uint8
    assert torch.equal(first, augment(pixels, recipe, 5, [0, 1, 2, 3], (32, 32)))
    assert torch.equal(first[2], augment(pixels[2:], recipe, 5, [2, 3], (32, 32))[0])
    assert not torch.equal(first, augment(pixels, recipe, 6, [0, 1, 2, 3], (32, 32)))


def test_resizing_keeps_colours_and_returns_pictures_of_that_size_unchanged() -> None:
    images = np.zeros((2, 40, 40, 3), np.uint8)
    images[1, :, :20] = (200, 100, 50)
    small = resize(images, (20, 20))
    assert small.shape == (2, 20, 20, 3)
    assert small[1, 10, 3].tolist() == [200, 100, 50]
    assert small[1, 10, 16].tolist() == [0, 0, 0]
    assert resize(images, (40, 40)) is images


def test_the_learning_rate_rises_and_falls() -> None:
    assert one_cycle(0.0) == pytest.approx(0.05)
    assert one_cycle(0.15) == pytest.approx(1.0)
    assert one_cycle(0.575) == pytest.approx(0.5)
    assert one_cycle(1.0) == pytest.approx(0.0)
    assert triangle(0.0) == pytest.approx(0.2)
    assert triangle(0.23) == pytest.approx(1.0)
    assert triangle(1.0) == pytest.approx(0.02)
    for schedule in SCHEDULES.values():
        assert max(schedule(share) for share in np.linspace(0, 1, 101)) <= 1.0 + 1e-9


def test_sizes_follow_each_other_and_without_sizes_it_is_zero() -> None:
    sizes = ((0.6, 96), (0.4, 128))
    assert [size_at(sizes, epoch, 10) for epoch in range(10)] == [96] * 6 + [128] * 4
    assert size_at((), 3, 10) == 0
