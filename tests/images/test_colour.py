"""Colour spaces, their ICC profiles, and high dynamic range.

Numbers "of Chromium" were read from the canvas of Chromium 156 (tests/browser/test_canvas.py draws
the same files).
"""

import io

import numpy as np
import pytest
from PIL import Image as pil
from PIL import ImageCms

from demo.images.colour_conversion import conversion, is_profile
from demo.images.colour_space import (
    BT709,
    BT2020,
    ColourSpace,
    Primaries,
    of_nclx,
    of_png_cicp,
    of_png_gamma,
)
from demo.images.decode import decode
from demo.images.icc_profile import rgb_profile
from demo.images.limits import Limits
from demo.images.tone_mapping import to_sdr
from tests.support import png_chunks
from tests.support.photos import save

LIMITS = Limits()
P3 = Primaries((0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


def test_the_matrix_of_srgb_is_that_of_its_standard() -> None:
    """IEC 61966-2-1, annex: linear sRGB to XYZ of D65."""
    expected = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(BT709.to_xyz(), expected, atol=2e-4)


def test_luminance_weights_of_bt2020_are_those_of_its_table() -> None:
    """ITU-R BT.2020, table 4."""
    np.testing.assert_allclose(BT2020.to_xyz()[1], [0.2627, 0.6780, 0.0593], atol=1e-4)


def test_code_points_are_those_of_h273() -> None:
    assert ColourSpace.of_cicp(12, 13) == ColourSpace(P3, ColourSpace.of_cicp(1, 13).transfer)  # type: ignore[union-attr]
    assert ColourSpace.of_cicp(9, 16) == ColourSpace(BT2020, "PQ")
    assert ColourSpace.of_cicp(9, 18) == ColourSpace(BT2020, "HLG")
    assert ColourSpace.of_cicp(1, 8) == ColourSpace(BT709, (1.0,))
    for unusable in ((2, 2), (2, 13), (1, 2), (0, 0), (1, 9), (255, 255)):
        assert ColourSpace.of_cicp(*unusable) is None


def test_a_cicp_chunk_is_rgb_of_the_full_range() -> None:
    assert of_png_cicp(bytes([9, 16, 0, 1])) == ColourSpace(BT2020, "PQ")
    for broken in (b"", b"\x09\x10\0", bytes([9, 16, 1, 1]), bytes([9, 16, 0, 0]), bytes(5)):
        assert of_png_cicp(broken) is None


def test_gamma_of_a_png_counts_unless_it_is_srgb() -> None:
    assert of_png_gamma({"gamma": 1.0}) == ColourSpace(BT709, (1.0,))
    assert of_png_gamma({"gamma": 0.45455}) is None
    assert of_png_gamma({"gamma": 1.0, "srgb": 0}) is None
    assert of_png_gamma({"gamma": 1.0, "srgb": 7}) == ColourSpace(BT709, (1.0,))
    assert of_png_gamma({"gamma": 0.0}) is None
    assert of_png_gamma({}) is None
    corners = tuple(value for point in P3 for value in point)
    assert of_png_gamma({"gamma": 0.5, "chromaticity": corners}) == ColourSpace(P3, (2.0,))
    assert of_png_gamma({"chromaticity": corners}) is None


def test_the_colour_box_of_an_avif_is_found() -> None:
    data = save(pil.new("RGB", (16, 16)), "AVIF")
    assert of_nclx(data) == ColourSpace.of_cicp(1, 13)
    at = data.index(b"nclx")
    assert of_nclx(data[: at + 4] + b"\0\x0c\0\x0d" + data[at + 8 :]) == ColourSpace.of_cicp(12, 13)
    assert of_nclx(data[: at + 6]) is None
    assert of_nclx(b"") is None


def test_a_profile_of_srgb_changes_nothing() -> None:
    srgb = ColourSpace.of_cicp(1, 13)
    assert srgb is not None
    assert conversion("RGB", srgb) is None
    littlecms = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = littlecms.replace(b"s\0R\0G\0B", b"N\0o\0n\0e").replace(b"sRGB", b"None")
    for profile in (littlecms, renamed):
        for mode in ("RGB", "RGBA", "P", "L", "LA"):
            assert conversion(mode, profile) is None, mode


def test_a_profile_is_told_by_what_it_does() -> None:
    """Linear light is called sRGB as well (GIMP's built-in linear sRGB)."""
    linear = rgb_profile(BT709, (1.0,)) + b"GIMP built-in Linear sRGB"
    for mode in ("RGB", "L"):
        convert = conversion(mode, linear)
        assert convert is not None
        # IEC 61966-2-1: linear 128/255 is 188.
        assert convert(pil.new(mode, (2, 2), 128 if mode == "L" else (128,) * 3)).getpixel(
            (1, 1)
        ) == (188, 188, 188)
    assert conversion("CMYK", linear) is None


def test_display_p3_is_converted_as_css_states() -> None:
    """CSS Color 4, 17: red is 1.2249 R − 0.2249 G in linear light, and so on."""
    wide = ColourSpace.of_cicp(12, 13)
    convert = conversion("RGB", wide)
    assert convert is not None
    for value, expected in (
        ((200, 100, 50), (215, 93, 31)),
        ((128, 128, 128), (128, 128, 128)),
        ((255, 0, 0), (255, 0, 0)),
    ):
        got = np.asarray(convert(pil.new("RGB", (1, 1), value)))[0, 0]
        np.testing.assert_allclose(got, expected, atol=1)


@pytest.mark.parametrize(
    "corners",
    [
        Primaries((0, 0), (0, 0), (0, 0), (0, 0)),
        Primaries((0.3, 0.3), (0.2, 0.2), (0.2, 0.2), (0.2, 0.2)),
    ],
)
def test_impossible_primaries_are_ignored(corners: Primaries) -> None:
    assert conversion("RGB", ColourSpace(corners, (2.0,))) is None


@pytest.mark.parametrize("value", [1e-5, 0.01, 20, 42949.0])
def test_impossible_gammas_never_fail(value: float) -> None:
    data = png_chunks.with_chunks(save(pil.new("RGB", (4, 4)), "PNG"), png_chunks.gamma(value))
    assert decode(data, LIMITS).rgb.shape == (4, 4, 3)


def test_only_profiles_are_profiles() -> None:
    assert is_profile(rgb_profile(P3, (2.2,)))
    assert not is_profile(b"nonsense" * 40)
    assert not is_profile(b"")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile(P3, (2.2,))))
    assert profile.profile.xcolor_space == "RGB "


@pytest.mark.parametrize(
    ("transfer", "of_chromium"),
    [
        ("PQ", [0, 1, 5, 15, 30, 48, 70, 98, 132, 175, 213, 237, 255, 255, 255, 255]),
        ("HLG", [0, 3, 14, 29, 43, 57, 71, 85, 99, 115, 135, 160, 189, 212, 228, 243]),
    ],
)
def test_greys_of_high_dynamic_range(transfer: str, of_chromium: list[int]) -> None:
    """Every sixteenth value, as Chromium shows it."""
    ramp = np.repeat(np.arange(0, 256, 16, dtype=np.uint8)[None, :, None], 3, axis=2)
    data = save(pil.fromarray(ramp), "PNG")
    code = {"PQ": 16, "HLG": 18}[transfer]
    picture = decode(png_chunks.with_chunks(data, png_chunks.cicp(9, code)), LIMITS)
    for channel in range(3):
        np.testing.assert_allclose(picture.rgb[0, :, channel], of_chromium, atol=1)
    assert [note.key for note in picture.notes] == ["note_hdr"]


def test_paper_white_is_half_of_the_light_of_a_screen() -> None:
    """ITU-R BT.2408: 203 cd/m² is 58 % of PQ and 75 % of HLG; half of the light is 188 in sRGB."""
    for transfer, white in (("PQ", 0.58), ("HLG", 0.75)):
        pixel = np.full((1, 1, 3), round(white * 255), np.uint8)
        shown = to_sdr(pixel, BT2020, transfer)  # type: ignore[arg-type]
        np.testing.assert_allclose(shown, 188, atol=3)


def test_wide_colours_of_high_dynamic_range_keep_their_hue() -> None:
    red = to_sdr(np.array([[[180, 60, 60]]], np.uint8), BT709, "PQ")[0, 0]
    assert red[0] > red[1]
    assert abs(int(red[1]) - int(red[2])) <= 1


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_transparent_grey_of_few_bits_is_transparent(bits: int) -> None:
    """The value of tRNS counts in the bits of the file: PNG specification, 11.3.2.1."""
    import struct
    import zlib

    levels = 2**bits
    packed = sum(value << (8 - bits * (value % (8 // bits) + 1)) for value in range(8 // bits))
    width = 8 // bits
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, 1, bits, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", 1)),
        (b"IDAT", zlib.compress(bytes([0, packed & 255]))),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    shown = decode(data, LIMITS).rgb[0, :, 0].tolist()
    values = [(packed >> (8 - bits * (at + 1))) % levels for at in range(width)]
    assert 1 in values
    assert shown == [255 if v == 1 else round(v * 255 / (levels - 1)) for v in values]


def test_the_first_frame_of_an_animation_is_not_its_default_image() -> None:
    """PNG specification, third edition, 5.5: the default image is for other programs."""
    frames = [pil.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    data = save(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    np.testing.assert_array_equal(decode(data, LIMITS).rgb[4, 4], [0, 255, 0])


def test_what_the_first_frame_of_a_gif_leaves_out_is_white() -> None:
    """Its canvas starts transparent, whatever colour the background has."""
    data = bytearray(save(pil.new("P", (4, 4), 0), "GIF"))
    data[6:10] = b"\x08\0\x06\0"
    picture = decode(bytes(data), LIMITS)
    assert picture.rgb.shape == (6, 8, 3)
    np.testing.assert_array_equal(picture.rgb[:4, :4], 0)
    np.testing.assert_array_equal(picture.rgb[4:], 255)
    np.testing.assert_array_equal(picture.rgb[:, 4:], 255)
    assert [note.key for note in picture.notes] == ["note_transparent"]
