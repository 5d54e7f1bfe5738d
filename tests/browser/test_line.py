"""The counting line of the live camera in a real Chromium: initial, by pointer, by keyboard."""

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
from tests.browser.conftest import SIZE_WH, StartCamera
from tests.browser.test_camera import answers, at_the_camera, bus, go
from tests.conftest import Server

FIRST = [0.5, 0.1, 0.5, 0.9]
NOTHING = np.full((480, 640, 3), 128, np.uint8)
LOW = {"width": 1440, "height": 500}
PHONE = {"width": 390, "height": 844}


def back_and_forth() -> list[Image]:
    """The bus, which crosses the middle of the picture to the right and back."""
    small = cv2.resize(bus(), (270, 360), interpolation=cv2.INTER_AREA)
    there = range(-50, 51, 5)
    frames = []
    for shift in (*there, *reversed(there)):
        frame = NOTHING.copy()
        left = (frame.shape[1] - small.shape[1]) // 2 + shift
        frame[60:420, left : left + small.shape[1]] = small
        frames.append(frame)
    return frames


class LineOnCamera:
    """A page whose camera runs, with the line switched on, and the lines that it has sent."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.lines: list[list[float] | None] = []
        self.page = at_the_camera(browser, url, **options)
        self.page.on("websocket", lambda socket: socket.on("framesent", self._keep))
        choose(self.page, "detect", "yolo11n")
        go(self.page)
        answers(self.page, 2)
        self.switch("line").check()
        self.wait_for_line(FIRST)

    @property
    def canvas(self) -> Locator:
        return self.page.locator("#detect-camera canvas")

    def switch(self, name: str) -> Locator:
        return self.page.locator(f"#detect-camera [data-switch={name}]")

    def wait_for_line(self, line: list[float] | None) -> None:
        """Wait until this is the last line that was sent to the server."""
        end = time.monotonic() + SLOW / 1000
        wanted = line if line is None else pytest.approx(line, abs=0.011)
        while not self.lines or self.lines[-1] != wanted:
            assert time.monotonic() < end, (self.lines, line)
            self.page.wait_for_timeout(50)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture in CSS pixels of the page; the canvas may be larger than it."""
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


def test_the_line_counts_as_soon_as_it_is_switched_on(
    server: Server, camera_showing: StartCamera
) -> None:
    camera = LineOnCamera(camera_showing(*back_and_forth(), rate=5), server.url)
    camera.page.wait_for_function(
        "(({ rightward, leftward } = {}) => rightward?.bus && leftward?.bus)"
        "(window.answers.at(-1).facts.crossings)",
        timeout=SLOW,
    )
    # From top to bottom, so that the right of the line is the left of the picture.
    told = re.compile(r"across the line: ← .*bus \d.* · → .*bus \d")
    expect(camera.page.locator("#detect-camera .camera-result")).to_contain_text(told)
    expect(camera.page.locator("#detect-camera .camera-status")).to_contain_text("arrow keys")
    camera.switch("track").uncheck()
    expect(camera.switch("line")).not_to_be_checked()
    camera.wait_for_line(None)


def test_the_keys_move_the_line(server: Server, camera_showing: StartCamera) -> None:
    camera = LineOnCamera(camera_showing(NOTHING), server.url, viewport=LOW)
    camera.switch("line").focus()
    for _ in range(20):
        camera.page.keyboard.press("Shift+Tab")
        if camera.canvas.evaluate("canvas => canvas === document.activeElement"):
            break
    ring = camera.canvas.evaluate(
        "(canvas) => ['outlineStyle', 'outlineWidth'].map((name) => getComputedStyle(canvas)[name])"
    )
    assert ring == ["solid", "2px"]
    before = scrolled(camera.page)
    for key, line in (
        ("ArrowRight", [0.52, 0.1, 0.52, 0.9]),
        ("ArrowDown", [0.52, 0.12, 0.52, 0.92]),
        ("Shift+ArrowUp", [0.52, 0.12, 0.52, 0.9]),
        ("Shift+ArrowLeft", [0.52, 0.12, 0.5, 0.9]),
        ("Home", FIRST),
    ):
        camera.page.keyboard.press(key)
        camera.wait_for_line(line)
        assert camera.lines[-1] == line
    assert scrolled(camera.page) == before


def test_a_held_key_stops_at_the_edge_and_reports_ten_times_a_second(
    server: Server, camera_showing: StartCamera
) -> None:
    camera = LineOnCamera(camera_showing(NOTHING), server.url)
    camera.canvas.focus()
    sent, start = len(camera.lines), time.monotonic()
    for _ in range(40):
        camera.page.keyboard.press("ArrowLeft", delay=10)
    camera.wait_for_line([0, 0.1, 0, 0.9])
    assert 1 < len(camera.lines) - sent <= (time.monotonic() - start) * 10 + 2
    for _ in range(10):
        camera.page.keyboard.press("Shift+ArrowDown")
    camera.wait_for_line([0, 0.1, 0, 1])


def test_the_keys_are_described_to_screen_readers(
    server: Server, camera_showing: StartCamera
) -> None:
    camera = LineOnCamera(camera_showing(NOTHING), server.url, locale="zh-TW")
    expect(camera.canvas).to_have_attribute("aria-label", re.compile("方向鍵移動整條線"))
    expect(camera.canvas).to_have_attribute("tabindex", "0")
    camera.switch("line").uncheck()
    expect(camera.canvas).not_to_have_attribute("tabindex", "0")
    expect(camera.canvas).not_to_have_attribute("role", "application")
    camera.wait_for_line(None)


def test_an_end_is_dragged_and_a_line_is_drawn(server: Server, camera_showing: StartCamera) -> None:
    """Also where the window is low, so that the picture is narrower than its canvas."""
    camera = LineOnCamera(camera_showing(NOTHING), server.url, viewport=LOW)
    camera.canvas.scroll_into_view_if_needed()
    x, y = camera.at(0.5, 0.9)
    # An end is held from 22 pixels beside it, and does not jump to the pointer.
    to_x, to_y = camera.at(0.7, 0.6)
    camera.drag((x + 22, y), (to_x + 22, to_y))
    camera.wait_for_line([0.5, 0.1, 0.7, 0.6])
    camera.drag(camera.at(0.5, 0.1), camera.at(-0.3, 0.2))
    camera.wait_for_line([0, 0.2, 0.7, 0.6])
    camera.drag(camera.at(0.2, 0.8), camera.at(0.8, 0.8))
    camera.wait_for_line([0.2, 0.8, 0.8, 0.8])
    sent = len(camera.lines)
    camera.page.mouse.click(*camera.at(0.5, 0.3))
    camera.page.wait_for_timeout(300)
    assert len(camera.lines) == sent


def test_a_finger_draws_and_does_not_scroll(server: Server, camera_showing: StartCamera) -> None:
    browser = camera_showing(NOTHING)
    camera = LineOnCamera(browser, server.url, viewport=PHONE, has_touch=True)
    camera.canvas.scroll_into_view_if_needed()
    devtools = camera.page.context.new_cdp_session(camera.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    before = scrolled(camera.page)
    touch("touchStart", camera.at(0.2, 0.9))
    for y in (0.7, 0.5, 0.3, 0.2):
        touch("touchMove", camera.at(0.2, y))
    touch("touchEnd")
    camera.wait_for_line([0.2, 0.9, 0.2, 0.2])
    assert scrolled(camera.page) == before
