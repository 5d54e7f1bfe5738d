"""The reader of the printed scripts against the decoder: the same pixels, or a sentence."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pil

from demo.augment.pipeline import Pipeline
from demo.augment.script import script
from demo.augment.script_reader import read_photo
from demo.errors import DemoError
from demo.images.colour_space import BT709, Primaries
from demo.images.decode import decode
from demo.images.encode import thumbnail
from demo.images.icc_profile import rgb_profile
from demo.images.limits import Limits
from tests.support import png_chunks
from tests.support.eight_ways import eight_ways
from tests.support.photos import bus, save

LIMITS = Limits()
P3 = Primaries((0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


def read(data: bytes, folder: Path) -> np.ndarray:
    """The pixels that a script reads. Raises SystemExit where it reads none."""
    file = folder / "picture"
    file.write_bytes(data)
    return np.asarray(read_photo(str(file)))


def chart() -> pil.Image:
    return pil.fromarray(thumbnail(bus(), 120))


@pytest.mark.parametrize("name", ["rgba_p3.png", "palette_p3.png"])
def test_a_profile_counts_in_every_mode(name: str, shared_data: Path) -> None:
    file = shared_data / "faults" / name
    expected = decode(file.read_bytes(), LIMITS).rgb
    np.testing.assert_array_equal(np.asarray(read_photo(str(file))), expected)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "PA", "L", "LA", "1"])
@pytest.mark.parametrize(
    "profile", [rgb_profile(P3, (2.2,)), rgb_profile(BT709, (1.0,)) + b"sRGB", b"broken" * 40, b""]
)
def test_modes_and_profiles_of_a_png(mode: str, profile: bytes, tmp_path: Path) -> None:
    rgba = chart().convert("RGBA")
    rgba.putalpha(pil.linear_gradient("L").resize(rgba.size))
    image = rgba.quantize(64) if mode in ("P", "PA") else rgba.convert(mode)
    if mode == "P":
        image = chart().quantize(64)
    data = save(image, "PNG", icc_profile=profile) if profile else save(image, "PNG")
    np.testing.assert_array_equal(read(data, tmp_path), decode(data, LIMITS).rgb)


def test_one_photo_in_every_format(tmp_path: Path) -> None:
    ways = eight_ways(thumbnail(bus(), 120))
    assert "HEIC" in ways
    for name, data in ways.items():
        if name in ("PNG 16-bit grey", "TIFF float grey"):
            continue
        np.testing.assert_array_equal(read(data, tmp_path), decode(data, LIMITS).rgb, name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = pil.Exif()
    exif[274] = orientation
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif}
    data = save(chart(), kind, **options)
    np.testing.assert_array_equal(read(data, tmp_path), decode(data, LIMITS).rgb)


def test_every_odd_file_gives_the_same_pixels_or_a_sentence(shared_data: Path) -> None:
    same, told = 0, 0
    for file in sorted((shared_data / "odd_images").rglob("*")):
        if not file.is_file():
            continue
        try:
            expected = decode(file.read_bytes(), LIMITS).rgb
        except DemoError:
            continue
        try:
            np.testing.assert_array_equal(np.asarray(read_photo(str(file))), expected, file.name)
            same += 1
        except SystemExit:
            told += 1
    assert same > 250
    assert told < 70


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        (png_chunks.gamma(1), "gAMA"),
        (png_chunks.cicp(9, 16), "cICP"),
    ],
)
def test_what_the_script_cannot_read_is_said(
    chunk: png_chunks.Chunk, reason: str, tmp_path: Path
) -> None:
    data = png_chunks.with_chunks(save(chart(), "PNG"), chunk)
    with pytest.raises(SystemExit, match=reason):
        read(data, tmp_path)


def test_sixteen_bits_are_said(tmp_path: Path) -> None:
    deep = pil.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16))
    with pytest.raises(SystemExit, match="8 bits a channel"):
        read(save(deep, "PNG"), tmp_path)


def test_heic_without_its_library_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(SystemExit, match="pip install pillow-heif"):
        read(eight_ways(thumbnail(bus(), 64))["HEIC"], tmp_path)


def test_a_heic_goes_through_a_whole_script_and_nonsense_ends_it(tmp_path: Path) -> None:
    """In a process of its own, where nothing has replaced `Image.open`."""
    heic = eight_ways(thumbnail(bus(), 120))["HEIC"]
    (tmp_path / "previews.py").write_text(script(Pipeline.parse([]), 0, [[]]), "utf-8")

    def run(data: bytes) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "photo").write_bytes(data)
        command = [sys.executable, "previews.py", "photo", "out"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run(heic).returncode == 0
    made = np.asarray(pil.open(tmp_path / "out" / "preview_1.png"))
    np.testing.assert_array_equal(made, decode(heic, LIMITS).rgb)
    ended = run(b"nothing")
    assert ended.returncode == 1
    assert ended.stderr == "photo: Pillow cannot read this file\n"
