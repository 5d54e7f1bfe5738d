"""The counting line of the live camera in a real Chromium: by itself, by pointer, by keys."""

import json
import re
import time
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from demo.results import Image
from tests.browser.acts import SLOW, choose
from tests.browser.conftest import SIZE_WH, Filmed
from tests.browser.test_camera import answers, at_the_camera, bus, go
from tests.conftest import Server

FIRST = [0.5, 0.1, 0.5, 0.9]
NOTHING = np.full((480, 640, 3), 128, np.uint8)
LOW = {"width": 1440, "height": 500}
PHONE = {"width": 390, "height": 844}


def to_and_fro() -> list[Image]:
    """The bus, which passes the middle of the picture this way and that."""
    small = cv2.resize(bus(), (270, 360), interpolation=cv2.INTER_AREA)
    there = range(-50, 51, 5)
    frames = []
    for shift in (*there, *reversed(there)):
        frame = NOTHING.copy()
        left = (frame.shape[1] - small.shape[1]) // 2 + shift
        frame[60:420, left : left + small.shape[1]] = small
        frames.append(frame)
    return frames


class Aimed:
    """A page whose camera runs, with the line switched on, and the lines that it has sent."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.lines: list[list[float] | None] = []
        self.page = at_the_camera(browser, url, **options)
        self.page.on("websocket", lambda socket: socket.on("framesent", self._keep))
        choose(self.page, "detect", "yolo11n")
        go(self.page)
        answers(self.page, 2)
        self.switch("line").check()
        self.wished(FIRST)

    @property
    def canvas(self) -> Locator:
        return self.page.locator("#detect-camera canvas")

    def switch(self, name: str) -> Locator:
        return self.page.locator(f"#detect-camera [data-switch={name}]")

    def wished(self, line: list[float] | None) -> None:
        """Wait until this is the line that the server was told last."""
        end = time.monotonic() + 10
        wanted = line if line is None else pytest.approx(line, abs=0.011)
        while not self.lines or self.lines[-1] != wanted:
            assert time.monotonic() < end, (self.lines, line)
            self.page.wait_for_timeout(50)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture in pixels of the page; the picture may be less than the canvas."""
        box = self.canvas.bounding_box()
        assert box is not None
        scale = min(box["width"] / SIZE_WH[0], box["height"] / SIZE_WH[1])
        across, down = SIZE_WH[0] * scale, SIZE_WH[1] * scale
        left = box["x"] + (box["width"] - across) / 2
        return left + x * across, box["y"] + (box["height"] - down) / 2 + y * down

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def _keep(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.lines.append(json.loads(data)["line"])


def scrolled(page: Page) -> float:
    return float(page.evaluate("scrollY"))


def test_the_line_counts_as_soon_as_it_is_on(server: Server, filmed: Filmed) -> None:
    aimed = Aimed(filmed(*to_and_fro(), rate=5), server.url)
    aimed.page.wait_for_function(
        "(({ rightward, leftward } = {}) => rightward?.bus && leftward?.bus)"
        "(window.answers.at(-1).facts.crossings)",
        timeout=SLOW,
    )
    # From top to bottom, so that the right of the line is the left of the picture.
    told = re.compile(r"across the line: ← .*bus \d.* · → .*bus \d")
    expect(aimed.page.locator("#detect-camera .camera-result")).to_contain_text(told)
    expect(aimed.page.locator("#detect-camera .camera-status")).to_contain_text("arrow keys")
    aimed.switch("track").uncheck()
    expect(aimed.switch("line")).not_to_be_checked()
    aimed.wished(None)


def test_the_keys_move_the_line(server: Server, filmed: Filmed) -> None:
    aimed = Aimed(filmed(NOTHING), server.url, viewport=LOW)
    aimed.switch("line").focus()
    for _ in range(20):
        aimed.page.keyboard.press("Shift+Tab")
        if aimed.canvas.evaluate("canvas => canvas === document.activeElement"):
            break
    ring = aimed.canvas.evaluate(
        "(canvas) => ['outlineStyle', 'outlineWidth'].map((name) => getComputedStyle(canvas)[name])"
    )
    assert ring == ["solid", "2px"]
    before = scrolled(aimed.page)
    for key, line in (
        ("ArrowRight", [0.52, 0.1, 0.52, 0.9]),
        ("ArrowDown", [0.52, 0.12, 0.52, 0.92]),
        ("Shift+ArrowUp", [0.52, 0.12, 0.52, 0.9]),
        ("Shift+ArrowLeft", [0.52, 0.12, 0.5, 0.9]),
        ("Home", FIRST),
    ):
        aimed.page.keyboard.press(key)
        aimed.wished(line)
        assert aimed.lines[-1] == line
    assert scrolled(aimed.page) == before


def test_a_held_key_stops_at_the_rim_and_tells_ten_times_a_second(
    server: Server, filmed: Filmed
) -> None:
    aimed = Aimed(filmed(NOTHING), server.url)
    aimed.canvas.focus()
    told, start = len(aimed.lines), time.monotonic()
    for _ in range(40):
        aimed.page.keyboard.press("ArrowLeft", delay=10)
    aimed.wished([0, 0.1, 0, 0.9])
    assert 1 < len(aimed.lines) - told <= (time.monotonic() - start) * 10 + 2
    for _ in range(10):
        aimed.page.keyboard.press("Shift+ArrowDown")
    aimed.wished([0, 0.1, 0, 1])


def test_a_reader_hears_what_the_keys_do(server: Server, filmed: Filmed) -> None:
    aimed = Aimed(filmed(NOTHING), server.url, locale="zh-TW")
    expect(aimed.canvas).to_have_attribute("aria-label", re.compile("方向鍵移動整條線"))
    expect(aimed.canvas).to_have_attribute("tabindex", "0")
    aimed.switch("line").uncheck()
    expect(aimed.canvas).not_to_have_attribute("tabindex", "0")
    expect(aimed.canvas).not_to_have_attribute("role", "application")
    aimed.wished(None)


def test_an_end_is_dragged_and_a_line_is_drawn(server: Server, filmed: Filmed) -> None:
    """Also where the window is low, so that the picture is narrower than its canvas."""
    aimed = Aimed(filmed(NOTHING), server.url, viewport=LOW)
    aimed.canvas.scroll_into_view_if_needed()
    x, y = aimed.at(0.5, 0.9)
    # An end is held from 22 pixels beside it, and does not jump to the pointer.
    to_x, to_y = aimed.at(0.7, 0.6)
    aimed.drag((x + 22, y), (to_x + 22, to_y))
    aimed.wished([0.5, 0.1, 0.7, 0.6])
    aimed.drag(aimed.at(0.5, 0.1), aimed.at(-0.3, 0.2))
    aimed.wished([0, 0.2, 0.7, 0.6])
    aimed.drag(aimed.at(0.2, 0.8), aimed.at(0.8, 0.8))
    aimed.wished([0.2, 0.8, 0.8, 0.8])
    told = len(aimed.lines)
    aimed.page.mouse.click(*aimed.at(0.5, 0.3))
    aimed.page.wait_for_timeout(300)
    assert len(aimed.lines) == told


def test_a_finger_draws_and_does_not_scroll(server: Server, filmed: Filmed) -> None:
    browser = filmed(NOTHING)
    aimed = Aimed(browser, server.url, viewport=PHONE, has_touch=True)
    aimed.canvas.scroll_into_view_if_needed()
    wire = aimed.page.context.new_cdp_session(aimed.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    before = scrolled(aimed.page)
    touch("touchStart", aimed.at(0.2, 0.9))
    for y in (0.7, 0.5, 0.3, 0.2):
        touch("touchMove", aimed.at(0.2, y))
    touch("touchEnd")
    aimed.wished([0.2, 0.9, 0.2, 0.2])
    assert scrolled(aimed.page) == before
