"""Mean colours of odd files, as Chromium 156 drew them (`golden.csv`, levels of 255).

Of the upper and of the left half each, so that a picture that is turned or mirrored differs.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from demo.images.decode import decode
from demo.images.limits import Limits

TABLE = Path(__file__).with_name("golden.csv").read_text("utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
HALVES = [f"{half}_{channel}" for half in ("top", "left") for channel in ("red", "green", "blue")]


def test_there_are_many_files_of_every_format_of_browsers() -> None:
    endings = {row["path"].rpartition(".")[2] for row in ROWS}
    assert {"png", "jpg", "gif", "webp", "avif", "bmp"} <= endings
    assert len(ROWS) >= 40


@pytest.mark.parametrize("row", ROWS, ids=[row["path"].rpartition("/")[2] for row in ROWS])
def test_a_file_has_the_colours_that_it_should_have(row: dict[str, str], shared_data: Path) -> None:
    rgb = decode((shared_data / "odd_images" / row["path"]).read_bytes(), Limits()).rgb
    height, width = rgb.shape[:2]
    assert (width, height) == (int(row["width"]), int(row["height"]))
    halves = rgb[: height // 2].mean(axis=(0, 1)), rgb[:, : width // 2].mean(axis=(0, 1))
    np.testing.assert_allclose(
        np.concatenate(halves), [float(row[name]) for name in HALVES], atol=2
    )
