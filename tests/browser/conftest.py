"""A real Chromium for the page of the session's server."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Server

Visit = Callable[..., Page]


Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Start the machine's own browser with further flags; Debian's package is `chromium`."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
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
    """A browser as most visitors have it, without a camera."""
    return launch()


@pytest.fixture
def camera(launch: Launch) -> Iterator[Browser]:
    """A browser whose camera shows a test pattern, and whose visitor says yes to it."""
    browser = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    yield browser
    browser.close()


@pytest.fixture
def visit(server: Server, chromium: Browser) -> Iterator[Visit]:
    """Open the page as somebody: locale, width, colour scheme. Foreign requests are failures."""
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
