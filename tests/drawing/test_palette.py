import numpy as np
import pytest

from demo.drawing import palette


def test_luminance_of_known_colours() -> None:
    """WCAG 2.2: white 1, black 0, and the factors of the primaries."""
    assert palette.luminance((255, 255, 255)) == pytest.approx(1)
    assert palette.luminance((0, 0, 0)) == 0
    assert palette.luminance((255, 0, 0)) == pytest.approx(0.2126)
    assert palette.luminance((128, 128, 128)) == pytest.approx(0.2158605, abs=1e-6)


def test_the_first_colours_stay_as_they_are() -> None:
    """People know their classes by colour: a change of these is a change of the page."""
    first = [palette.hex_color(i) for i in range(12)]
    assert first == [
        *("#3b82f6", "#f97316", "#10b981", "#ec4899", "#8b5cf6", "#eaaa08"),
        *("#06b6d4", "#ef4444", "#84be16", "#007700", "#ccaaff", "#996611"),
    ]


def test_hex_is_the_same_colour() -> None:
    for class_id in (0, 7, 79, 1000):
        text = palette.hex_color(class_id)
        assert tuple(bytes.fromhex(text[1:])) == palette.palette(class_id)


def test_every_class_of_coco_has_its_own_colour() -> None:
    assert len({palette.palette(i) for i in range(80)}) == 80
    assert palette.palette(palette.COLOURS) == palette.palette(0)


def test_colours_can_be_told_apart() -> None:
    """OKLab: a difference of 0.02 is just noticeable."""
    lab = palette._oklab(np.array([palette.palette(i) for i in range(palette.COLOURS)]))
    distance = np.linalg.norm(lab[:, None] - lab, axis=-1) + np.eye(len(lab))
    assert distance[:20, :20].min() > 0.1
    assert distance.min() > 0.05


def test_oklab_of_known_colours() -> None:
    """White and red as Ottosson's page gives them."""
    lab = palette._oklab(np.array([[255, 255, 255], [255, 0, 0]]))
    expected = np.array([[1, 0, 0], [0.62796, 0.22486, 0.12585]])
    np.testing.assert_allclose(lab, expected, atol=1e-4)


def test_colours_show_on_light_and_dark_pages_and_carry_text() -> None:
    for class_id in range(palette.COLOURS):
        colour = palette.palette(class_id)
        light = palette.luminance(colour)
        assert 1.05 / (light + 0.05) > 1.9
        assert (light + 0.05) / 0.05 > 3
        text = palette.luminance(palette.text_colour(colour))
        pair = sorted((light, text))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 4.5


def test_text_is_black_on_light_and_white_on_dark() -> None:
    assert palette.text_colour((255, 255, 0)) == (0, 0, 0)
    assert palette.text_colour((0, 0, 120)) == (255, 255, 255)
