"""A real Chromium for the page of the session's server."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.results import Image
from tests.conftest import Server

Visit = Callable[..., Page]
Launch = Callable[..., Browser]
StartCamera = Callable[..., Browser]

SIZE_WH = (640, 480)
"""Size of the videos that fake cameras show."""


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Wait as long for what is expected as Playwright does for what is clicked: 30 seconds.

    On a busy machine five are not enough; a test that is about speed says so itself.
    """
    expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Start the machine's own browser with further flags.

    Chromium's build that has no windows at all takes a quarter less of a processor.
    """
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (Debian's package chromium)")
    with sync_playwright() as playwright:
        started: list[Browser] = []

        def start(*flags: str) -> Browser:
            always = ["--no-sandbox", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=path, args=[*always, *flags])
            started.append(browser)
            return browser

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def chromium(launch: Launch) -> Browser:
    """A browser without a camera."""
    return launch()


@pytest.fixture
def camera(launch: Launch) -> Iterator[Browser]:
    """A browser whose camera shows a test pattern and is allowed without asking."""
    browser = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    yield browser
    browser.close()


def camera_video(path: Path, *pictures: Image, rate: int = 15) -> Path:
    """A raw video (Y4M), which Chromium's fake camera repeats."""
    frames = []
    for rgb in pictures:
        picture = cv2.resize(rgb, SIZE_WH, interpolation=cv2.INTER_AREA)
        frames.append(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    head = f"YUV4MPEG2 W{SIZE_WH[0]} H{SIZE_WH[1]} F{rate}:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + b"".join(frames))
    return path


@pytest.fixture
def camera_showing(launch: Launch, tmp_path: Path) -> Iterator[StartCamera]:
    """Start browsers whose cameras show a picture, or several in turn."""
    started: list[Browser] = []

    def start(*pictures: Image, rate: int = 15) -> Browser:
        shown = pictures if len(pictures) > 1 else pictures * 10
        video = camera_video(tmp_path / f"{len(started)}.y4m", *shown, rate=rate)
        browser = launch(
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        )
        started.append(browser)
        return browser

    yield start
    for browser in started:
        browser.close()


@pytest.fixture
def visit(server: Server, chromium: Browser) -> Iterator[Visit]:
    """Open the page with a locale, width and colour scheme; requests to other hosts fail."""
    contexts = []
    foreign: list[str] = []

    def open_page(locale: str = "en-US", width: int = 1440, scheme: str = "light") -> Page:
        context = chromium.new_context(
            locale=locale,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        context.on(
            "request",
            lambda request: (
                foreign.append(request.url)
                if not request.url.startswith((server.url, "data:", "blob:"))
                else None
            ),
        )
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("#tabs button[role=tab]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not foreign, foreign
