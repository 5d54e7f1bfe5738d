"""Squares of photos that are kept, and read again when they are no longer those of the photos."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.lab.data import read
from demo.lab.data.read import read_squares


def photo(path: Path, grey: int) -> Path:
    Image.new("RGB", (12, 10), (grey, grey, grey)).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return [photo(tmp_path / f"{grey}.png", grey) for grey in (40, 80)]


def greys(photos: list[Path], cache: Path, side: int = 8) -> list[int]:
    squares = read_squares(iter(photos), side, cache / "greys.npy")
    assert squares.shape == (len(photos), side, side, 3)
    return [int(value) for value in squares[:, 0, 0, 0]]


def test_the_same_photos_are_read_once(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    assert greys(photos, cache) == [40, 80]

    def refuse(path: Path) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(read, "read_photo", refuse)
    assert greys(photos, cache) == [40, 80]
    with pytest.raises(AssertionError):
        greys(photos, cache, side=6)


def overwritten(photos: list[Path]) -> list[Path]:
    before = photos[0].stat()
    photo(photos[0], 90)
    assert photos[0].stat().st_size == before.st_size
    os.utime(photos[0], ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    return photos


def swapped(photos: list[Path]) -> list[Path]:
    return photos[::-1]


def without_one(photos: list[Path]) -> list[Path]:
    return photos[1:]


@pytest.mark.parametrize(
    ("change", "expected"), [(overwritten, [90, 80]), (swapped, [80, 40]), (without_one, [80])]
)
def test_changed_photos_are_read_again_in_place_of_the_old_ones(
    photos: list[Path],
    tmp_path: Path,
    change: Callable[[list[Path]], list[Path]],
    expected: list[int],
) -> None:
    cache = tmp_path / "cache"
    greys(photos, cache)
    other = cache / "others.npy"
    np.save(other, np.zeros(1))
    assert greys(change(photos), cache) == expected
    assert len(list(cache.glob("greys*"))) == 1
    assert other.is_file()


def test_other_code_reads_again(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, other = tmp_path / "cache", tmp_path / "other.py"
    greys(photos, cache)
    other.write_text("# another decoder", "utf-8")
    monkeypatch.setattr("demo.lab.data.read.inspect.getfile", lambda code: other)
    monkeypatch.setattr(read, "square", lambda image, side: np.full((side, side, 3), 7, np.uint8))
    assert greys(photos, cache) == [7, 7]
