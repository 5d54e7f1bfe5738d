"""The first frame of WebP files, as Pillow's animation decoder reads it."""

import io

import numpy as np
import pytest
from PIL import Image as pil
from PIL import WebPImagePlugin

from demo.images.decode import decode
from demo.images.encode import thumbnail
from demo.images.limits import Limits
from demo.images.webp import decode_first_frame
from tests.support.photos import bus, save

SIZE = (90, 120)


def pictures() -> dict[str, pil.Image]:
    """Opaque, half transparent, and with content in a part of the canvas only."""
    photo = pil.fromarray(thumbnail(bus(), 120))
    half = photo.convert("RGBA")
    half.putalpha(pil.linear_gradient("L").resize(SIZE))
    part = pil.new("RGBA", SIZE)
    part.paste(photo.crop((20, 30, 60, 70)), (21, 31))
    return {"opaque": photo, "transparent": half, "part": part}


@pytest.mark.parametrize("name", ["opaque", "transparent", "part"])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("animated", [False, True])
def test_the_first_frame_is_that_of_pillow(name: str, lossless: bool, animated: bool) -> None:
    image = pictures()[name]
    options = {"save_all": True, "append_images": [image.rotate(180)]} if animated else {}
    data = save(image, "WEBP", lossless=lossless, **options)
    with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as file:
        expected = np.asarray(file.convert("RGBA"))
    pixels = decode_first_frame(data, SIZE)
    got = np.asarray(pil.fromarray(pixels).convert("RGBA"))
    np.testing.assert_array_equal(got[..., 3], expected[..., 3])
    shown = expected[..., 3] > 0
    np.testing.assert_array_equal(got[shown], expected[shown])


def test_a_frame_beyond_its_canvas_is_damage() -> None:
    data = save(pictures()["opaque"], "WEBP")
    with pytest.raises(ValueError, match="expected a frame within"):
        decode_first_frame(data, (40, 40))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
def test_a_cut_first_frame_ends_too_early(share: float) -> None:
    image = pictures()["transparent"]
    data = save(image, "WEBP", save_all=True, append_images=[image.rotate(180)])
    with pytest.raises((EOFError, ValueError)):
        decode_first_frame(data[: int(len(data) * share)], SIZE)


def test_an_opaque_picture_is_not_copied() -> None:
    """Its notes are none, and its array is the decoder's own."""
    picture = decode(save(pictures()["opaque"], "WEBP", lossless=True), Limits())
    assert not picture.notes
    np.testing.assert_array_equal(picture.rgb, np.asarray(pictures()["opaque"]))
