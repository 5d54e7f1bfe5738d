"""Tiles of feature maps: where each cell is drawn, and in which colour."""

import numpy as np
import pytest

from demo.drawing.feature_maps import (
    Tiling,
    draw_feature_maps,
    draw_filters,
    draw_window,
    signed_colors,
)

SHAPES = [(32, 32, 32), (384, 5, 5), (4096, 1, 1), (10, 1, 1), (32, 80, 80), (3, 4, 9), (1, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_cell_is_found_where_it_is_drawn(shape: tuple[int, int, int]) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, shape)
    picture, tiling = draw_feature_maps(values), Tiling.of(*shape)
    assert picture.shape[:2] == tiling.size_wh[::-1]
    assert picture.shape[1] <= 726
    colors = signed_colors(values, float(np.abs(values).max()))
    for channel, row, column in np.ndindex(*shape):
        if (channel * 31 + row * 7 + column) % 13 == 0:
            left, top = tiling.corner(channel)
            x = left + column * tiling.scale + tiling.scale // 2
            y = top + row * tiling.scale + tiling.scale // 2
            assert tiling.cell_at(x, y) == (channel, row, column)
            assert (picture[y, x] == colors[channel, row, column]).all()


def test_beside_the_tiles_the_nearest_cell_is_meant() -> None:
    tiling = Tiling.of(5, 4, 4)  # three in a row, so that one place of the second row is empty
    width, height = tiling.size_wh
    assert tiling.cell_at(0, 0) == (0, 0, 0)
    assert tiling.cell_at(width - 1, 5) == (2, 0, 3)
    assert tiling.cell_at(width - 1, height - 1) is None


def test_zero_is_white_and_signs_have_colours() -> None:
    blue, white, red = signed_colors(np.array([-2.0, 0.0, 2.0]), 2.0)
    assert white.tolist() == [247, 247, 247]
    assert blue[2] > blue[0] + 100
    assert red[0] > red[2] + 100
    assert (signed_colors(np.zeros(3), 0.0) == 247).all()


def test_the_chosen_cell_has_a_frame() -> None:
    values = np.ones((4, 6, 6))
    plain, marked = draw_feature_maps(values), draw_feature_maps(values, (2, 3, 4))
    tiling = Tiling.of(4, 6, 6)
    rows, columns = (plain != marked).any(2).nonzero()
    left, top = tiling.corner(2)
    size = 6 * tiling.scale
    assert top - 2 <= rows.min() <= rows.max() <= top + size + 1
    assert left - 2 <= columns.min() <= columns.max() <= left + size + 1
    inside = marked[top + 3 * tiling.scale, left + 4 * tiling.scale]
    assert (inside == plain[top, left]).all()  # the cell itself keeps its colour


def test_filters_are_small_pictures() -> None:
    weights = np.zeros((2, 3, 3, 3))
    weights[1, 0] = 1
    picture, tiling = draw_filters(weights), Tiling.of(2, 3, 3)
    grey, red = (picture[y + 1, x + 1] for x, y in (tiling.corner(0), tiling.corner(1)))
    assert np.abs(grey.astype(int) - 128).max() <= 1
    assert red.tolist()[0] == 255


def test_outside_a_window_it_is_dark() -> None:
    image = np.full((32, 32, 3), 240, np.uint8)
    shown = draw_window(image, (8, 4, 12, 20))
    assert shown.shape == (384, 384, 3)
    assert (shown[10 * 12, 10 * 12] == 240).all()
    assert (shown[20 * 12, 10 * 12] == 80).all()
