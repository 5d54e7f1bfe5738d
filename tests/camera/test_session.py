"""A camera session at the frame rates that cameras have, by a clock of its own."""

import cv2
import numpy as np
import pytest

from demo.camera.session import CameraSession
from demo.inference.engine import Engine
from demo.results import Image


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def striped(size_wh: tuple[int, int] = (160, 120)) -> Image:
    """A red area of a quarter of the width with fine stripes, on grey."""
    width, height = size_wh
    picture = np.full((height, width, 3), 30, np.uint8)
    left, top, side = width // 8, height // 3, width // 4
    picture[top : top + side, left : left + side] = (220, 20, 20)
    picture[top + 4 : top + side - 4 : 4, left + 4 : left + side - 4] = (150, 20, 20)
    return picture


def colourless(picture: Image) -> Image:
    """The same stripes in grey, which the model does not see."""
    return np.repeat(picture[..., :1], 3, axis=2)


def answer(session: CameraSession, picture: Image) -> Image:
    jpeg = session.process_frame(picture, 0.0).jpeg
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def contrast(picture: Image) -> float:
    """Mean difference of neighbouring rows inside of the area."""
    height, width = picture.shape[:2]
    inside = picture[height // 3 + 6 : height // 3 + width // 4 - 6, width // 8 + 8 : width // 3]
    return float(np.abs(np.diff(inside.astype(int), axis=0)).mean())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(desk: Engine, clock: Clock) -> CameraSession:
    return CameraSession(desk, clock)


@pytest.mark.parametrize("per_second", [1, 4, 10, 25, 60])
@pytest.mark.parametrize(
    "change", [{}, {"confidence": 0.6}, {"track": False}, {"line": [0, 0.9, 1, 0.9]}], ids=str
)
def test_a_lost_box_stays_covered_for_half_a_second_at_any_frame_rate(
    session: CameraSession, clock: Clock, per_second: int, change: dict[str, object]
) -> None:
    values = {"model": "finder", "blur": ["red thing"]}
    session.configure(values)
    seen = striped()
    unseen = colourless(seen)
    answer(session, seen)
    session.configure({**values, **change})
    for _ in range(max(int(0.49 * per_second), 1)):
        clock.seconds += 1 / per_second
        assert contrast(answer(session, unseen)) < 0.2 * contrast(unseen)
    clock.seconds += max(0.52, 1 / per_second)
    answer(session, unseen)
    assert contrast(answer(session, unseen)) > 0.7 * contrast(unseen)


def test_a_camera_that_changes_its_resolution_leaves_the_place_covered(
    session: CameraSession, clock: Clock
) -> None:
    session.configure({"model": "finder", "blur": ["red thing"]})
    answer(session, striped((160, 120)))
    clock.seconds += 0.1
    larger = colourless(striped((320, 240)))
    assert contrast(answer(session, larger)) < 0.2 * contrast(larger)


def square_at(left: float, size_wh: tuple[int, int]) -> Image:
    """A red square of a quarter of the width; left: share of the width."""
    width, height = size_wh
    picture = np.full((height, width, 3), 30, np.uint8)
    x, side = round(left * width), width // 4
    picture[height // 3 : height // 3 + side, x : x + side] = (220, 20, 20)
    return picture


def crossings(session: CameraSession, clock: Clock, size_wh: tuple[int, int]) -> object:
    """The counts after a square has moved from left to right."""
    facts: dict[str, object] = {}
    for step in range(12):
        clock.seconds += 0.1
        facts = session.process_frame(square_at(0.06 * step, size_wh), 0.0).facts
    return facts["crossings"]


def test_a_turned_phone_keeps_the_crossings_of_its_line(
    session: CameraSession, clock: Clock
) -> None:
    values: dict[str, object] = {"model": "finder", "line": [0.5, 1, 0.5, 0]}
    session.configure(values)
    once = {"rightward": {"red thing": 1}, "leftward": {}}
    assert crossings(session, clock, (160, 120)) == once
    session.configure({**values, "confidence": 0.3})
    twice = {"rightward": {"red thing": 2}, "leftward": {}}
    assert crossings(session, clock, (120, 160)) == twice
    session.configure({**values, "line": [0.4, 1, 0.4, 0]})
    assert crossings(session, clock, (120, 160)) == once


def test_a_change_of_the_confidence_loses_no_crossing(session: CameraSession, clock: Clock) -> None:
    """It comes while the square is about to cross the line."""
    values: dict[str, object] = {"model": "finder", "line": [0.5, 1, 0.5, 0]}
    session.configure(values)
    for step in range(12):
        clock.seconds += 0.1
        session.configure({**values, "confidence": 0.3 + step / 100})
        facts = session.process_frame(square_at(0.06 * step, (160, 120)), 0.0).facts
    assert facts["crossings"] == {"rightward": {"red thing": 1}, "leftward": {}}


def test_a_page_in_chinese_is_told_the_names_of_what_was_seen(desk: Engine, clock: Clock) -> None:
    for locale, names in (("en", None), ("zh-TW", {"red thing": "red thing"})):
        session = CameraSession(desk, clock, locale)
        session.configure({"model": "finder"})
        facts = session.process_frame(striped(), 0.0).facts
        assert facts["tracks"] == {"red thing": 1}
        # This class has no certain name, so that its label stands for it.
        assert facts.get("names") == names
