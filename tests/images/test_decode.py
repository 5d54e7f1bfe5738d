"""The decoder against 500 odd files, hostile files made here, and other decoders."""

import csv
import json
import os
import random
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from PIL import Image as pil

from demo.errors import DemoError
from demo.i18n import LOCALES
from demo.images.decode import Picture, decode
from demo.images.encode import encode_jpeg, encode_png, thumbnail
from demo.images.limits import Limits
from demo.results import Image
from demo.settings import Settings
from tests.support.eight_ways import eight_ways
from tests.support.photos import bus, refused, save
from tests.support.png_chunks import without_chunk

LIMITS = Limits()
ROOT = Path(__file__).parents[2]
WATCH = ROOT / "tests" / "support" / "watch_decoder.py"


class Outcome(NamedTuple):
    """The outcome for one of the odd files; see `watch_decoder.py`."""

    path: str
    error: str
    seconds: float
    extra_mb: float


@pytest.fixture(scope="session")
def odd(shared_data: Path) -> dict[str, dict[str, str]]:
    with (shared_data / "odd_images" / "MANIFEST.csv").open() as file:
        return {row["path"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def outcomes(shared_data: Path) -> list[Outcome]:
    """All odd files."""
    return watched(shared_data / "odd_images")


def watched(folder: Path, *count: str) -> list[Outcome]:
    """Files decoded in a separate process, which must survive to the end."""
    done = subprocess.run(
        [sys.executable, str(WATCH), str(folder), *count],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [Outcome(*json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture
def photo() -> Image:
    return bus()


def keys(picture: Picture) -> list[str]:
    return [note.key for note in picture.notes]


# The odd files


def test_every_odd_file_ends_in_a_picture_or_a_sentence(
    outcomes: list[Outcome], odd: dict[str, dict[str, str]]
) -> None:
    assert len(outcomes) == len(odd) >= 500
    for outcome in outcomes:
        assert outcome.error != "CRASH", outcome
        assert outcome.seconds < 10, outcome
        assert outcome.extra_mb < 300, outcome
    assert sum(outcome.extra_mb for outcome in outcomes) < 300


def test_mutated_files_end_in_a_picture_or_a_sentence(shared_data: Path) -> None:
    outcomes = watched(shared_data / "odd_images", "600")
    assert len(outcomes) == 600
    for outcome in outcomes:
        assert outcome.error != "CRASH", outcome
        assert outcome.seconds < 10, outcome
    assert sum(outcome.extra_mb for outcome in outcomes) < 300
    assert 50 < sum(not outcome.error for outcome in outcomes) < 400


def test_what_pillow_reads_of_the_accepted_formats_is_read(
    outcomes: list[Outcome], odd: dict[str, dict[str, str]]
) -> None:
    """But for a few files that Pillow reads wrongly."""
    accepted = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
    lenient = {
        "pillow/Tests/images/bmp/b/badrle.bmp": "half of the picture is noise",
        "pillow/Tests/images/hopper_rle8_row_overflow.bmp": "runs beyond the row",
        "image-rs/tests/images/bmp/images/imagemagick_invalid_run_length_issue_2321.bmp": "same",
        "libpng/contrib/testpngs/crashers/badadler.png": "wrong checksum",
        "pillow/Tests/images/broken_data_stream.png": "broken stream",
        "pillow/Tests/images/apng/chunk_repeat_fctl.png": "first frame twice; Chromium as well",
        "pillow/Tests/images/apng/sequence_start.png": "frames out of order; Chromium as well",
    }
    masks = {"V3_A4_R4_G4_B4", "V3_X4_R4_G4_B4_Top_Down", "rgb32-111110"}
    masks |= {"rgba16-4444", "rgba32abf"}
    for outcome in outcomes:
        row = odd[outcome.path]
        if Path(outcome.path).stem in masks:
            assert row["res"] == "error"
            assert not outcome.error, "Pillow does not know these masks"
        elif outcome.path in lenient:
            assert outcome.error == "image_damaged", outcome
        elif row["res"] == "ok" and row["fmt"] in accepted:
            assert not outcome.error, outcome
        elif row["res"] == "error" and "HEIC" not in outcome.path.upper():
            assert outcome.error, outcome
        elif row["res"] == "ok":
            assert outcome.error in ("image_other_kind", "image_unknown"), outcome
    good = [outcome for outcome in outcomes if not outcome.error]
    assert sum(path.endswith(".heic") for path, *_ in good) == 3
    assert len(good) == 341


def test_size_after_turning_is_that_of_the_manifest(
    shared_data: Path, outcomes: list[Outcome], odd: dict[str, dict[str, str]]
) -> None:
    for path, error, *_ in outcomes:
        row = odd[path]
        if error or not row["w"]:
            continue
        picture = decode((shared_data / "odd_images" / path).read_bytes(), LIMITS)
        expected = int(row["w"]), int(row["h"])
        # The manifest has TIFF as Pillow turned it, and all others as they are stored.
        if row["orient"] in ("5", "6", "7", "8") and row["fmt"] != "TIFF":
            expected = expected[::-1]
        assert picture.rgb.shape[1::-1] == expected, path
        assert picture.rgb.dtype == np.uint8
        assert picture.rgb.flags.c_contiguous, path
        assert ("note_turned" in keys(picture)) == (row["orient"] not in ("", "1")), path
        assert ("note_first_frame" in keys(picture)) == (int(row["n"]) > 1), path


def test_opencv_sees_the_same_in_odd_files(
    shared_data: Path, outcomes: list[Outcome], odd: dict[str, dict[str, str]]
) -> None:
    """Wherever OpenCV reads the file and no note says that something was converted."""
    compared = 0
    apart = {
        "pillow/Tests/images/bmp/q/rgb32h52.bmp": "OpenCV reads its masks from the wrong place",
        "image-rs/tests/images/bmp/images/rgb32-111110.bmp": "OpenCV knows no such masks",
        "image-rs/tests/images/bmp/images/V3_A4_R4_G4_B4.bmp": "OpenCV knows no such masks",
        "image-rs/tests/images/bmp/images/V3_X4_R4_G4_B4_Top_Down.bmp": "nor these",
        "pillow/Tests/images/bmp/q/rgba16-4444.bmp": "nor these",
        "pillow/Tests/images/bmp/q/rgba32abf.bmp": "nor these",
        "image-rs/tests/images/gif/anim/issue_1455_undersized.gif": "OpenCV fills the border",
        "pillow/Tests/images/apng/mode_grayscale.png": "OpenCV shows the default picture",
        "pillow/Tests/images/apng/syntax_num_frames_invalid.png": "OpenCV shows another frame",
    }
    for path, error, *_ in outcomes:
        data = (shared_data / "odd_images" / path).read_bytes()
        if error or path in apart or data[:4] == b"GIF8":
            continue
        picture = decode(data, LIMITS)
        decided = {"note_transparent", "note_scaled", "note_profile", "note_turned"}
        if decided & set(keys(picture)) or "note_first_frame" in keys(picture):
            continue
        second = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if second is not None:
            assert np.abs(picture.rgb.astype(int) - second).mean() < 3, path
            compared += 1
    assert compared > 200


def test_the_bmp_suite_shows_one_picture(shared_data: Path) -> None:
    """Jason Summers' suite writes one picture in many ways; run lengths are among them."""
    folder = shared_data / "odd_images" / "pillow" / "Tests" / "images" / "bmp"

    def read(name: str) -> Image:
        return decode((folder / name).read_bytes(), LIMITS).rgb

    for eight in ("q/pal8os2sp.bmp", "q/pal8os2v2.bmp", "b/rletopdown.bmp"):
        np.testing.assert_array_equal(read(eight), read("g/pal8.bmp"), err_msg=eight)
    np.testing.assert_array_equal(read("g/pal4rle.bmp"), read("g/pal4.bmp"))
    for true in ("q/rgb24lprof.bmp", "q/rgb32bf-xbgr.bmp", "q/rgb32fakealpha.bmp"):
        np.testing.assert_array_equal(read(true), read("html/rgb24.png"), err_msg=true)


def test_exif_examples_decode_to_one_picture(shared_data: Path) -> None:
    folder = shared_data / "odd_images" / "exif-orientation-examples"
    shown = [decode(path.read_bytes(), LIMITS).rgb for path in sorted(folder.glob("*.jpg"))]
    assert len(shown) >= 3
    for other in shown[1:]:
        assert other.shape == (1200, 1800, 3)
        assert np.abs(other.astype(int) - shown[0]).mean() < 4


def test_interlaced_twins_of_the_png_suite_are_equal(shared_data: Path) -> None:
    folder = shared_data / "odd_images"
    suite = folder / "libpng" / "contrib" / "pngsuite"
    deep = folder / "image-rs" / "tests" / "images" / "png" / "16bpc" / "basn2c16.png"
    twins = [(suite / "basn3p08.png", suite / "ibasn3p08.png"), (deep, suite / "ibasn2c16.png")]
    twins.append((suite / "ftbrn2c08.png", suite / "iftbrn2c08.png"))
    for one, other in twins:
        # Only one of each two states a gamma.
        shown = [
            decode(without_chunk(path.read_bytes(), b"gAMA"), LIMITS).rgb for path in (one, other)
        ]
        np.testing.assert_array_equal(shown[0], shown[1], err_msg=other.name)


def test_avif_is_rotated_and_mirrored_by_its_container(shared_data: Path) -> None:
    """Files with irot and imir boxes that all show one upright star (Pillow's own examples)."""
    folder = shared_data / "odd_images" / "pillow" / "Tests" / "images" / "avif"
    shown = {path.name: decode(path.read_bytes(), LIMITS).rgb for path in folder.glob("rot*")}
    assert len(shown) == 5
    assert {rgb.shape for rgb in shown.values()} == {(427, 640, 3)}


# One photo in many forms


def test_one_photo_written_in_many_ways_is_one_picture(photo: Image) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    tolerance = {"PNG palette": 6.0, "GIF": 6.0, "JPEG CMYK": 3.0, "AVIF": 3.0, "HEIC": 3.0}
    ways = eight_ways(photo)
    assert len(ways) >= 8
    for name, data in ways.items():
        picture = decode(data, LIMITS)
        expected = grey if "grey" in name else photo
        assert picture.rgb.shape == expected.shape, name
        off = np.abs(picture.rgb.astype(int) - expected).mean()
        lossless = name in ("PNG", "WebP", "TIFF", "BMP", "TIFF turned", "PNG turned")
        assert off <= (0 if lossless else tolerance.get(name, 2.0)), (name, off)
        assert picture.format == name.split()[0]
        assert picture.rgb.flags.c_contiguous, name


def test_eight_threads_decode_what_one_does(photo: Image) -> None:
    files = list(eight_ways(thumbnail(photo, 200)).values())
    alone = [decode(data, LIMITS).rgb for data in files]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            together = pool.map(lambda data: decode(data, LIMITS).rgb, files)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)


def test_digest_and_duration_belong_to_the_file(photo: Image) -> None:
    import hashlib

    data = encode_png(photo)
    picture = decode(data, LIMITS)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert 0 < picture.decode_ms < 5000


def test_the_first_frame_is_shown_with_a_note() -> None:
    frames = [pil.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "TIFF", "WEBP", "PNG", "AVIF"):
        data = save(frames[0], kind, save_all=True, append_images=frames[1:])
        picture = decode(data, LIMITS)
        np.testing.assert_allclose(picture.rgb[5, 5], [255, 0, 0], atol=12, err_msg=kind)
        assert keys(picture) == ["note_first_frame"], kind


# Limits and hostile files


def test_limits_come_from_the_settings() -> None:
    assert Limits.of(Settings()) == Limits(25, 8192, 20)
    assert Limits.of(Settings(max_side=100)).max_side == 100


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of any size by its header, with chunks before an empty body."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def test_limits_are_checked_on_the_header() -> None:
    """None of these has any pixels, so decoding first would report damage instead."""
    assert refused(png(13300, 13300)).key == "image_too_long"
    error = refused(png(8000, 4000))
    assert str(error) == (
        "This picture is 8000 × 4000 pixels, 32 megapixels; the limit is 25 megapixels."
    )
    assert refused(png(300, 300), Limits(max_side=200)).key == "image_too_long"
    assert refused(png(5000, 5000)).key != "image_too_big"
    heavy = refused(bytes(20_000_001))
    assert str(heavy) == "This file has 20.01 MB; the limit is 20 MB."


def test_every_error_reads_in_every_language() -> None:
    from demo.i18n import strings

    for key, texts in strings().items():
        if key.startswith(("image_", "note_")):
            assert set(texts) == set(LOCALES), key
            fields = [
                sorted(part.split("}")[0] for part in text.split("{")[1:])
                for text in texts.values()
            ]
            assert fields[0] == fields[1] == fields[2], key


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
def test_a_truncated_file_is_never_a_picture(share: float, photo: Image) -> None:
    """An error at every length, and for JPEG one that says what is missing."""
    for name, data in eight_ways(thumbnail(photo, 320)).items():
        key = refused(data[: int(len(data) * share)]).key
        assert key in ("image_truncated", "image_damaged"), name
        assert key == "image_truncated" or not name.startswith("JPEG"), name
    progressive = save(pil.fromarray(photo), "JPEG", progressive=True)
    assert refused(progressive[: int(len(progressive) * share)]).key == "image_truncated"


def test_damaged_bytes_never_raise_anything_else(photo: Image) -> None:
    """A few hundred files with three bytes changed at random, mostly in their headers."""
    luck = random.Random(7)
    for name, whole in eight_ways(thumbnail(photo, 96)).items():
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(3):
                data[int(len(data) * luck.random() ** 3)] = luck.randrange(256)
            try:
                picture = decode(bytes(data), LIMITS)
            except DemoError:
                continue
            assert picture.rgb.ndim == 3, name


@pytest.mark.parametrize(
    "order", ["demo.images.decode, ultralytics", "ultralytics, demo.images.decode"]
)
def test_ultralytics_never_opens_or_installs_anything(order: str, photo: Image) -> None:
    """It replaces PIL.Image.open, which the decoder does not use, in either order of import."""
    first, second = order.split(", ")
    code = f"""
import torch, {first}, {second}, PIL.Image, sys
def no(*a, **k): raise SystemExit("PIL.Image.open was used")
assert "ultralytics" in PIL.Image.open.__module__
PIL.Image.open = no
from demo.images.limits import Limits
from demo.images.decode import decode
from demo.errors import DemoError
empty = b"\\0\\0\\0\\x18ftypheic" + bytes(100)
for data in [b"RIFF0000WEBPnothing", empty, sys.stdin.buffer.read()]:
    try:
        print(decode(data, Limits()).rgb.shape)
    except DemoError as error:
        print(error.key)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=eight_ways(thumbnail(photo, 64))["HEIC"],
        capture_output=True,
        env={**os.environ, "YOLO_AUTOINSTALL": "true", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    lines = done.stdout.decode().split("\n")
    assert lines[-4:] == ["image_damaged", "image_damaged", "(64, 48, 3)", ""], done.stderr.decode()


# Encoding


def test_png_gives_the_same_pixels_and_jpeg_nearly(photo: Image) -> None:
    before = photo.copy()
    np.testing.assert_array_equal(decode(encode_png(photo), LIMITS).rgb, photo)
    near = decode(encode_jpeg(photo, 95), LIMITS).rgb
    assert np.abs(near.astype(int) - photo).mean() < 3
    assert len(encode_jpeg(photo, 30)) < len(encode_jpeg(photo, 90)) / 2
    np.testing.assert_array_equal(photo, before)
    with pytest.raises(ValueError, match="expected a non-empty"):
        encode_jpeg(photo[..., 0])


def test_thumbnail_keeps_the_shape_and_never_enlarges(photo: Image) -> None:
    small = thumbnail(photo, 270)
    assert small.shape == (270, 202, 3)
    reference = pil.fromarray(photo).resize((202, 270), pil.Resampling.BOX)
    assert np.abs(small.astype(int) - np.asarray(reference)).mean() < 1.5
    assert thumbnail(photo, 5000) is photo
    assert thumbnail(np.zeros((1000, 1, 3), np.uint8), 10).shape == (10, 1, 3)
