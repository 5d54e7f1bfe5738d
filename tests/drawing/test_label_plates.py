import numpy as np
import pytest
from numpy.typing import NDArray

from demo.drawing.label_plates import Letters, clean, draw_plate, place_plates

LETTERS = Letters.of(16)


def overlaps(plates: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, a in enumerate(plates)
        for j, b in enumerate(plates[:i])
        if min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
    ]


def test_a_name_is_one_printable_line() -> None:
    assert clean("a\n b\t<c>\x00\u202e") == "a b <c>"
    assert clean('手機, "電話"') == '手機, "電話"'
    assert clean("x" * 90) == "x" * 60 + "…"


def test_the_name_is_shortened_first_then_the_score_goes() -> None:
    full = LETTERS.shorten("traffic light", "0.87", 400)
    assert full == "traffic light 0.87"
    room = LETTERS.width(full)
    assert LETTERS.shorten("traffic light", "0.87", room) == full
    short = LETTERS.shorten("traffic light", "0.87", room - 1)
    assert short.startswith("traffic l")
    assert short.endswith("… 0.87")
    assert LETTERS.shorten("traffic light", "0.87", 50) in ("tra…", "traf…")
    assert LETTERS.shorten("traffic light", "0.87", 10) == ""


def test_an_empty_name_or_score_leaves_no_space() -> None:
    assert LETTERS.shorten("", "0.87", 400) == "0.87"
    assert LETTERS.shorten("cat", "", 400) == "cat"
    assert LETTERS.shorten("", "", 400) == ""


@pytest.mark.parametrize("name", ["person", "行人與手機", "x" * 200, "ÄÅgjÝ", "العربية"])
@pytest.mark.parametrize("room", [20, 60, 123, 400])
def test_shortened_texts_fit(name: str, room: int) -> None:
    text = LETTERS.shorten(clean(name), "0.50", room)
    assert text == "" or LETTERS.width(text) <= room


def test_letters_grow_with_the_picture_and_shrink_in_a_crowd() -> None:
    assert Letters.fit((640, 480), ["cat 0.50"]).size == 15
    assert Letters.fit((4000, 3000), ["cat 0.50"]).size == 91
    assert Letters.fit((640, 480), ["cat 0.50"] * 30).size == 13
    assert Letters.fit((640, 480), ["cat 0.50"] * 300).size == 9
    assert Letters.fit((20, 20), ["cat 0.50"]).size == 9


def test_a_plate_stands_on_its_outline_where_there_is_room() -> None:
    places = place_plates(np.array([[50, 60, 150, 200]]), np.array([[40, 20]]), (300, 300), 3)
    assert places.tolist() == [[50, 43, 90, 63]]


def test_plates_stay_inside_the_picture() -> None:
    corners = np.array(
        [[0, 0, 300, 200], [280, 0, 300, 10], [0, 190, 9, 200], [290, 190, 300, 200], [0, 0, 1, 1]]
    )
    places = place_plates(corners, np.array([[60, 20]] * 5), (300, 200), 3)
    assert (places >= 0).all()
    assert (places[:, 2] <= 300).all()
    assert (places[:, 3] <= 200).all()
    assert overlaps(places) == []


def test_plates_of_one_place_do_not_cover_each_other() -> None:
    corners = np.array([[100, 100, 180, 160]] * 12)
    places = place_plates(corners, np.array([[70, 20]] * 12), (400, 400), 3)
    assert overlaps(places) == []


def test_the_best_keeps_its_place() -> None:
    corners = np.array([[100, 100, 200, 200], [105, 102, 200, 200]])
    sizes = np.array([[70, 20]] * 2)
    both, alone = (
        place_plates(corners, sizes, (400, 400), 3),
        place_plates(corners[:1], sizes[:1], (400, 400), 3),
    )
    assert both[0].tolist() == alone[0].tolist()
    assert overlaps(both) == []


def test_without_room_plates_are_still_inside() -> None:
    corners = np.array([[0, 0, 40, 30]] * 20)
    places = place_plates(corners, np.array([[40, 30]] * 20), (40, 30), 1)
    assert (places == [0, 0, 40, 30]).all()


def test_a_plate_has_its_colour_round_corners_and_letters() -> None:
    image = np.full((60, 200, 3), 9, np.uint8)
    box = (10, 10, 10 + LETTERS.width("行人 0.87"), 10 + LETTERS.height)
    draw_plate(image, box, "行人 0.87", (249, 115, 22), LETTERS)
    x0, y0, x1, y1 = box
    assert image[y0 + 1, (x0 + x1) // 2].tolist() == [249, 115, 22]
    assert image[y0, x0].tolist() == [9, 9, 9]
    ink: NDArray[np.bool_] = np.all(image[y0:y1, x0:x1] < 60, axis=2)
    # Letters in the middle: nothing but plate left and right of the text.
    columns = np.flatnonzero(np.any(ink[6:-6], axis=0))
    assert LETTERS.pad_x - 1 <= columns.min() < columns.max() < x1 - x0 - LETTERS.pad_x + 1
    outside = image.copy()
    outside[y0:y1, x0:x1] = 9
    assert (outside == 9).all()


def test_chinese_is_drawn_as_characters() -> None:
    """A missing glyph is drawn as a question mark: two different characters would look alike."""
    pictures = []
    for text in ("人", "機", "?"):
        image = np.zeros((LETTERS.height, 40, 3), np.uint8)
        draw_plate(image, (0, 0, 40, LETTERS.height), text, (255, 255, 0), LETTERS)
        pictures.append(image)
    assert not (pictures[0] == pictures[1]).all()
    assert not (pictures[0] == pictures[2]).all()
    assert not (pictures[1] == pictures[2]).all()
