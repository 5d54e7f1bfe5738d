"""Damaged files: a picture or a sentence, never a guess at the missing part."""

import io
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pil
from PIL import JpegImagePlugin

from demo.images.decode import decode
from demo.images.encode import thumbnail
from demo.images.limits import Limits
from tests.support.photos import bus, refused, save

LIMITS = Limits()
JPEGS: dict[str, dict[str, object]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "444": {"subsampling": 0},
    "restarts": {"restart_marker_rows": 1},
}


def test_a_jpeg_with_a_marker_inside_its_scan_is_damaged(shared_data: Path) -> None:
    """Three quarters of it would be grey; Pillow and torchvision refuse it."""
    file = shared_data / "faults" / "torchcodec_corrupt.jpg"
    assert refused(file.read_bytes()).key == "image_damaged"


def damaged_scans(whole: bytes, count: int) -> Iterator[bytes]:
    """Copies with one to ten bytes changed behind the header of the first scan."""
    luck = random.Random(11)
    start = whole.index(b"\xff\xda") + 12
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(luck.choice([1, 3, 10])):
            data[luck.randrange(start, len(data))] = luck.choice([255, luck.randrange(256)])
        yield bytes(data)


@pytest.mark.parametrize("name", JPEGS)
def test_a_damaged_jpeg_is_read_exactly_where_pillow_reads_it(name: str) -> None:
    whole = save(pil.fromarray(thumbnail(bus(), 160)), "JPEG", **JPEGS[name])
    read = 0
    for data in damaged_scans(whole, 60):
        try:
            with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
                expected = np.asarray(image)
        except OSError:
            assert refused(data).key in ("image_damaged", "image_truncated")
            continue
        np.testing.assert_array_equal(decode(data, LIMITS).rgb, expected)
        read += 1
    assert 5 < read < 55
