"""Memory of the largest pictures that are allowed, as the peak of a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as pil

from tests.conftest import ROOT
from tests.support.photos import bus, save

SIDE = 5000
"""25 megapixels."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def photo() -> pil.Image:
    return pil.fromarray(cv2.resize(bus(), (SIDE, SIDE)))


def flat(mode: str = "RGB") -> pil.Image:
    """Large squares of one colour, which every encoder writes fast."""
    image = pil.fromarray(bus()).resize((50, 50)).resize((SIDE, SIDE), pil.Resampling.NEAREST)
    if mode == "RGBA":
        image.putalpha(pil.linear_gradient("L").resize(image.size))
    return image.convert(mode)


def deep() -> bytes:
    return cv2.imencode(".png", np.asarray(flat()).astype(np.uint16) * 257)[1].tobytes()


def turned() -> bytes:
    exif = pil.Exif()
    exif[274] = 6
    return save(photo(), "JPEG", quality=80, exif=exif)


def animated() -> bytes:
    frames = {"save_all": True, "append_images": [flat().rotate(180)]}
    return save(flat(), "WEBP", quality=20, method=0, **frames)


def progressive(mode: str = "RGB") -> bytes:
    return save(photo().convert(mode), "JPEG", quality=80, progressive=True, subsampling=0)


FILES: dict[str, Callable[[], bytes]] = {
    "progressive JPEG": progressive,
    "progressive CMYK": lambda: progressive("CMYK"),
    "turned JPEG": turned,
    "PNG with alpha": lambda: save(flat("RGBA"), "PNG", compress_level=1),
    "PNG of 16 bits": deep,
    "WebP with alpha": lambda: save(flat("RGBA"), "WEBP", lossless=True, method=0, quality=0),
    "animated WebP": animated,
    "GIF": lambda: save(flat().quantize(32), "GIF"),
    "TIFF": lambda: save(flat("RGBA"), "TIFF", compression="tiff_adobe_deflate"),
    "AVIF with alpha": lambda: save(flat("RGBA"), "AVIF", speed=10, quality=40),
}


def peaks(how: str, files: list[Path]) -> dict[str, float]:
    """Growth of the peak in MB, by the name of the measurement."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.watch_memory", how, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(line) for line in done.stdout.splitlines())


def test_one_picture_takes_at_most_300_mb(tmp_path: Path) -> None:
    files = []
    for name, make in FILES.items():
        files.append(tmp_path / name)
        files[-1].write_bytes(make())
    grown = peaks("decode", files)
    assert grown.keys() == FILES.keys()
    assert max(grown.values()) < 300, grown
    assert min(grown.values()) > 70, "a picture alone has 75 MB"


@pytest.mark.parametrize("make", [progressive, turned])
def test_eight_at_once_take_at_most_600_mb(make: Callable[[], bytes], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(make())
    grown = peaks("answer", [file] * 8)["all"]
    assert 150 < grown < 600, grown
