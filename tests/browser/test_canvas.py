"""What the network sees against what Chromium draws of the same file."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image as pil
from playwright.sync_api import Browser

from demo.errors import DemoError
from demo.images.colour_space import BT709, BT2020, Primaries
from demo.images.decode import Picture, _ignore_pillow_warnings, decode
from demo.images.encode import thumbnail
from demo.images.file_types import ACCEPTED, SHOWN_BY_BROWSERS
from demo.images.icc_profile import rgb_profile
from demo.images.limits import Limits
from demo.results import Image
from tests.browser.canvas import Canvas, files, mean_difference
from tests.support import png_chunks
from tests.support.photos import bus, save

LIMITS = Limits()
TOLERANCE = 2.0
P3 = Primaries((0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))

APART = {
    "image-rs/tests/images/bmp/images/V3_A4_R4_G4_B4.bmp": "alpha of 0 everywhere: not white",
    "image-rs/tests/images/bmp/images/lenient/V5_A8_R8_G8_B8_Rgb_BadMask.bmp": (
        "masks in a file that says that it has none"
    ),
    "libpng/contrib/testpngs/badpal/small-palette-1.png": "values beyond the palette are black",
    "libpng/contrib/testpngs/badpal/small-palette-2.png": "values beyond the palette are black",
    "libpng/contrib/testpngs/badpal/small-palette-4.png": "values beyond the palette are black",
    "libpng/contrib/testpngs/badpal/test-palette-1.png": "values beyond the palette are black",
    "libpng/contrib/testpngs/badpal/test-palette-2.png": "values beyond the palette are black",
    "pillow/Tests/images/bmp/q/pal4rletrns.bmp": "pixels that run lengths skip have colour 0",
    "pillow/Tests/images/bmp/q/pal8rletrns.bmp": "pixels that run lengths skip have colour 0",
    "pillow/Tests/images/hopper_orientation_3.webp": "Chromium skips EXIF that starts with Exif",
    "pillow/Tests/images/hopper_orientation_4.webp": "Chromium skips EXIF that starts with Exif",
    "pillow/Tests/images/i_trns.png": "12 bits in 16: scaled, with a note",
}
"""Files that are shown otherwise, on purpose or for want of a decoder, and the reason."""

REFUSED = {
    "image-rs/tests/bad/ico/Bad_smile-incorrect-image-length.ico": "icon",
    "image-rs/tests/images/bmp/images/imagemagick_invalid_run_length_issue_2321.bmp": "damaged",
    "image-rs/tests/images/bmp/images/lenient/rle_overflow.bmp": "damaged",
    "image-rs/tests/images/bmp/images/pal2.bmp": "palette of two bits",
    "image-rs/tests/images/bmp/images/rgb24rle24.bmp": "run lengths of OS/2",
    "image-rs/tests/images/ico/images/bmp-32bpp-alpha.ico": "icon",
    "image-rs/tests/regression/gif/zero-loop-count.gif": "no picture behind the header",
    "libpng/contrib/testpngs/crashers/badadler.png": "wrong checksum",
    "pillow/Tests/images/apng/chunk_repeat_fctl.png": "first frame twice: Chromium draws nothing",
    "pillow/Tests/images/apng/sequence_start.png": "frames out of order: Chromium draws nothing",
    "pillow/Tests/images/bmp/b/badrle.bmp": "damaged",
    "pillow/Tests/images/broken_data_stream.png": "damaged",
    "pillow/Tests/images/decompression_bomb.ico": "icon",
    "pillow/Tests/images/deerstalker.cur": "cursor",
    "pillow/Tests/images/hopper_rle8_row_overflow.bmp": "damaged",
    "pillow/Tests/images/hopper_unexpected.ico": "icon",
    "pillow/Tests/images/mask_1.cur": "cursor",
    "pillow/Tests/images/ultrahdr.jpg": "ends before its first row",
}
"""Files that Chromium shows, at least in part, and the decoder refuses, and the reason."""


class Drawn(NamedTuple):
    """A file in both programs; `picture` is None where it is refused."""

    path: str
    picture: Picture | None
    drawing: Image | None


@pytest.fixture(scope="module")
def canvas(chromium: Browser) -> Iterator[Canvas]:
    drawing = Canvas(chromium)
    yield drawing
    drawing.close()


@pytest.fixture(scope="module")
def drawn(canvas: Canvas, shared_data: Path) -> list[Drawn]:
    """All odd files, decoded and drawn."""
    _ignore_pillow_warnings.cache_clear()  # pytest resets the filter after each test
    folder = shared_data / "odd_images"
    both = []
    for file in files(folder):
        data = file.read_bytes()
        try:
            picture = decode(data, LIMITS)
        except DemoError:
            picture = None
        both.append(Drawn(str(file.relative_to(folder)), picture, canvas.draw(data)))
    return both


def test_the_network_sees_what_chromium_draws(drawn: list[Drawn]) -> None:
    apart, compared = {}, 0
    for path, picture, drawing in drawn:
        if picture is None or drawing is None:
            continue
        compared += 1
        difference = mean_difference(picture.rgb, drawing)
        if difference > TOLERANCE:
            apart[path] = difference
    assert compared > 290
    assert apart.keys() == APART.keys(), apart


def test_chromium_draws_every_picture_of_a_format_that_it_knows(drawn: list[Drawn]) -> None:
    missing = {one.path: one.picture.format for one in drawn if one.picture and one.drawing is None}
    assert set(missing.values()) == set(ACCEPTED) - SHOWN_BY_BROWSERS, missing


def test_what_is_refused_though_chromium_shows_it_has_a_reason(drawn: list[Drawn]) -> None:
    refused = {one.path for one in drawn if one.picture is None and one.drawing is not None}
    assert refused == REFUSED.keys()


def chart() -> pil.Image:
    """A grey ramp over the colours of a photo, 128×96."""
    rgb = np.array(pil.fromarray(thumbnail(bus(), 128)).resize((128, 96)))
    rgb[:16] = np.arange(0, 256, 2, dtype=np.uint8)[None, :, None]
    return pil.fromarray(rgb)


def modes() -> dict[str, pil.Image]:
    """The chart in the modes of a PNG."""
    image = chart()
    alpha = pil.linear_gradient("L").resize(image.size)
    rgba, grey_alpha = image.convert("RGBA"), image.convert("LA")
    rgba.putalpha(alpha)
    grey_alpha.putalpha(alpha)
    return {
        "RGB": image,
        "RGBA": rgba,
        "P": image.quantize(64),
        "PA": rgba.quantize(64),
        "L": image.convert("L"),
        "LA": grey_alpha,
        "1": image.convert("1"),
    }


LINEAR = rgb_profile(BT709, (1.0,))
WIDE = rgb_profile(P3, (2.2,))
CHUNKS: dict[str, list[png_chunks.Chunk]] = {
    "linear gamma": [png_chunks.gamma(1)],
    "gamma of old Macs": [png_chunks.gamma(1 / 1.8)],
    "gamma of sRGB": [png_chunks.gamma(0.45455)],
    "gamma and chromaticities": [
        png_chunks.gamma(0.45455),
        png_chunks.chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    ],
    "white of D50": [
        png_chunks.gamma(0.45455),
        png_chunks.chromaticities(0.3457, 0.3585, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
    ],
    "chromaticities alone": [
        png_chunks.chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
    ],
    "chromaticities of zero": [png_chunks.gamma(1), (b"cHRM", bytes(32))],
    "gamma of zero": [png_chunks.gamma(0)],
    "sRGB before gamma": [(b"sRGB", b"\0"), png_chunks.gamma(1)],
    "gamma before sRGB": [png_chunks.gamma(1), (b"sRGB", b"\0")],
    "unknown intent and gamma": [(b"sRGB", b"\7"), png_chunks.gamma(1)],
    "profile of linear light": [png_chunks.profile(LINEAR + b"linear sRGB")],
    "wide profile and sRGB": [png_chunks.profile(WIDE), (b"sRGB", b"\0")],
    "broken profile and gamma": [png_chunks.profile(b"nonsense" * 40), png_chunks.gamma(1)],
    "codes before a profile": [png_chunks.cicp(12, 13), png_chunks.profile(LINEAR)],
    "gamma of 0.02": [png_chunks.gamma(0.02)],
    "Display P3 by code": [png_chunks.cicp(12, 13), (b"sRGB", b"\0")],
    "BT.2020 by code": [png_chunks.cicp(9, 1)],
    "linear by code": [png_chunks.cicp(1, 8)],
    "unspecified codes": [png_chunks.cicp(2, 2)],
    "unspecified codes and gamma": [png_chunks.cicp(2, 2), png_chunks.gamma(1)],
    "limited range": [png_chunks.cicp(12, 13, full=0)],
    "PQ": [png_chunks.cicp(9, 16)],
    "HLG": [png_chunks.cicp(9, 18)],
    "HLG of BT.709": [png_chunks.cicp(1, 18)],
}


@pytest.mark.parametrize("name", CHUNKS)
def test_colour_chunks_of_a_png_mean_what_chromium_reads(canvas: Canvas, name: str) -> None:
    for mode, image in modes().items():
        data = png_chunks.with_chunks(save(image, "PNG"), *CHUNKS[name])
        drawing = canvas.draw(data)
        assert drawing is not None
        assert mean_difference(decode(data, LIMITS).rgb, drawing) < 1, mode


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_profile_is_applied_as_in_chromium(canvas: Canvas, kind: str, mode: str) -> None:
    image = chart().convert(mode)
    for profile in (LINEAR + b"sRGB", WIDE, rgb_profile(BT2020, (2.4,))):
        data = save(image, kind, quality=95, icc_profile=profile)
        drawing = canvas.draw(data)
        assert drawing is not None
        assert mean_difference(decode(data, LIMITS).rgb, drawing) < 1


@pytest.mark.parametrize("codes", [(1, 13), (1, 1), (12, 13), (9, 16), (9, 18), (1, 8), (6, 6)])
def test_colour_codes_of_an_avif_mean_what_chromium_reads(
    canvas: Canvas, codes: tuple[int, int]
) -> None:
    data = save(chart(), "AVIF", quality=95)
    at = data.index(b"nclx") + 4
    data = data[:at] + struct.pack(">HH", *codes) + data[at + 4 :]
    drawing = canvas.draw(data)
    assert drawing is not None
    assert mean_difference(decode(data, LIMITS).rgb, drawing) < TOLERANCE


def test_sixteen_bits_of_a_png_are_shown_as_in_chromium(canvas: Canvas) -> None:
    import cv2

    values = np.arange(96 * 128 * 3, dtype=np.uint32).reshape(96, 128, 3) * 16 % 65536
    for deep in (values.astype(np.uint16), values[..., 0].astype(np.uint16)):
        plain = cv2.imencode(".png", deep)[1].tobytes()
        for chunks in ([], [png_chunks.gamma(1)], [png_chunks.profile(WIDE)]):
            data = png_chunks.with_chunks(plain, *chunks)
            drawing = canvas.draw(data)
            assert drawing is not None
            assert mean_difference(decode(data, LIMITS).rgb, drawing) < 1
