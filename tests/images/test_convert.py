"""Conversion of every pixel mode to RGB."""

import io

import numpy as np
import pytest
from PIL import Image as pil
from PIL import ImageCms

from demo.images.convert import to_rgb
from demo.images.decode import Picture, decode
from demo.images.encode import thumbnail
from demo.images.limits import Limits
from demo.results import Image
from tests.support.photos import bus, refused, save

LIMITS = Limits()


@pytest.fixture
def photo() -> Image:
    return bus()


def keys(picture: Picture) -> list[str]:
    return [note.key for note in picture.notes]


def test_sixteen_bits_are_scaled_by_their_range() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    full = decode(save(pil.fromarray(ramp), "PNG"), LIMITS)
    np.testing.assert_allclose(full.rgb[..., 0].ravel(), np.arange(256), atol=1)
    assert full.notes[0].fields == {"black": "0", "white": "65535"}
    scan = decode(save(pil.fromarray(ramp // 16), "TIFF"), LIMITS)
    np.testing.assert_allclose(scan.rgb[..., 0].ravel(), np.arange(256), atol=1)
    assert scan.notes[0].fields == {"black": "0", "white": "4095"}


def test_white_is_zero_in_a_sixteen_bit_scan() -> None:
    """TIFF 6.0, PhotometricInterpretation 0: the largest value is black."""
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    data = save(pil.fromarray(ramp), "TIFF", tiffinfo={262: 0})
    assert pil.open(io.BytesIO(data)).tag_v2[262] == 0  # type: ignore[attr-defined]
    shown = decode(data, LIMITS).rgb[..., 0].ravel()
    np.testing.assert_allclose(shown, np.arange(256)[::-1], atol=1)


def test_floats_are_scaled_from_the_smallest_to_the_largest_value() -> None:
    values = np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16)
    values[0, 5], values[3, 3], values[3, 4] = np.nan, np.inf, -np.inf
    picture = decode(save(pil.fromarray(values), "TIFF"), LIMITS)
    expected = np.arange(256)
    expected[5], expected[51], expected[52] = 0, 255, 0
    np.testing.assert_allclose(picture.rgb[..., 1].ravel(), expected, atol=1)
    assert picture.notes[0].text("en").startswith("Brightness is scaled: -3 is shown black and 5")


def test_a_picture_without_a_finite_value_is_refused() -> None:
    nothing = pil.fromarray(np.full((8, 8), np.nan, np.float32))
    assert refused(save(nothing, "TIFF")).key == "image_damaged"


def test_negative_integers_are_scaled_by_their_own_range() -> None:
    heights = pil.fromarray(np.arange(-500, 524, 4, dtype=np.int32).reshape(16, 16))
    shown = decode(save(heights, "TIFF"), LIMITS).rgb[..., 0].ravel()
    np.testing.assert_allclose(shown, np.arange(256), atol=1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "L", "RGB", "1"])
def test_transparent_parts_are_white(mode: str) -> None:
    """Left half transparent, right half black, in every mode of a PNG with transparency."""
    if mode in ("RGBA", "LA", "PA"):
        image = pil.new("LA", (8, 4), (0, 255))
        image.paste((0, 0), (0, 0, 4, 4))
        data = save(image.convert("RGBA" if mode == "RGBA" else "LA"), "PNG")
        if mode == "PA":
            data = save(image.convert("RGBA").quantize(4), "PNG")
    else:
        image = pil.new("RGB", (8, 4), (0, 0, 0))
        image.paste((255, 0, 0) if mode in ("RGB", "P") else (255,) * 3, (0, 0, 4, 4))
        image = image.quantize(2) if mode == "P" else image.convert(mode)
        clear = image.getpixel((0, 0))
        data = save(image, "PNG", transparency=1 if mode == "1" else clear)
    picture = decode(data, LIMITS)
    np.testing.assert_array_equal(picture.rgb[:, :4], 255)
    np.testing.assert_array_equal(picture.rgb[:, 4:], 0)
    assert keys(picture) == ["note_transparent"]


def test_half_transparent_is_half_way_to_white() -> None:
    data = save(pil.new("RGBA", (4, 4), (200, 0, 100, 128)), "PNG")
    expected = [200 * 128 / 255 + 127, 127, 100 * 128 / 255 + 127]
    np.testing.assert_allclose(decode(data, LIMITS).rgb[0, 0], expected, atol=1)


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr", "HSV", "RGBX", "RGBa", "La", "1"])
def test_colour_spaces(mode: str, photo: Image) -> None:
    small = pil.fromarray(thumbnail(photo, 100))
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        stored = ImageCms.profileToProfile(small, srgb, lab, outputMode="LAB")
        assert stored is not None
    elif mode in ("RGBa", "La"):
        stored = small.convert(mode.upper()).convert(mode)
    else:
        stored = small.convert(mode)
    expected = small.convert({"La": "L", "1": "1"}.get(mode, "RGB")).convert("RGB")
    shown, notes = to_rgb(stored, b"")
    assert np.abs(shown.astype(int) - np.asarray(expected)).mean() < 2.5
    assert [note.key for note in notes] == (["note_profile"] if mode == "LAB" else [])


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(photo: Image) -> None:
    """A profile with red and blue exchanged shows by its colours whether it was used."""
    small = pil.fromarray(thumbnail(photo, 100))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = (
        profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    )
    exchanged = exchanged.replace(b"sRGB", b"BGRs").replace(b"s\0R\0G\0B", b"B\0G\0R\0s")
    expected = np.asarray(small)[..., ::-1].astype(int)
    for kind, options in [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})]:
        turned = decode(save(small, kind, icc_profile=exchanged, **options), LIMITS)
        assert keys(turned) == ["note_profile"]
        assert np.abs(turned.rgb - expected).mean() < 8, kind
        for same in (profile, exchanged[:200], b"nonsense"):
            plain = decode(save(small, kind, icc_profile=same, **options), LIMITS)
            assert not plain.notes
            assert np.abs(plain.rgb.astype(int) - np.asarray(small)).mean() < 4, kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_in_all_formats(kind: str, orientation: int, photo: Image) -> None:
    """Stored as EXIF 2.32 defines it, read upright."""
    small = pil.fromarray(thumbnail(photo, 240))
    undo = {
        2: pil.Transpose.FLIP_LEFT_RIGHT,
        3: pil.Transpose.ROTATE_180,
        4: pil.Transpose.FLIP_TOP_BOTTOM,
        5: pil.Transpose.TRANSPOSE,
        6: pil.Transpose.ROTATE_90,
        7: pil.Transpose.TRANSVERSE,
        8: pil.Transpose.ROTATE_270,
    }
    stored = small.transpose(undo[orientation]) if orientation > 1 else small
    exif = pil.Exif()
    exif[274] = orientation
    exif[271] = "Maker"
    if kind == "TIFF":
        data = save(stored, kind, tiffinfo={274: orientation})
    elif kind == "HEIF":
        file = io.BytesIO()
        import pillow_heif

        heif = pillow_heif.from_pillow(stored)
        heif.info["exif"] = exif.tobytes()
        heif.save(file, quality=95)
        data = file.getvalue()
    else:
        data = save(stored, kind, exif=exif, quality=95)
    picture = decode(data, LIMITS)
    assert picture.rgb.shape == (240, 180, 3)
    assert np.abs(picture.rgb.astype(int) - np.asarray(small)).mean() < 6
    if kind != "HEIF":
        assert ("note_turned" in keys(picture)) == (orientation > 1)
