"""A Chromium for measurements: the machine's own, by playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright


def check() -> None:
    """Raise MissingError where there is no browser or no playwright."""
    needs.packages("playwright")
    needs.chromium()


@contextmanager
def playwright() -> Iterator["Playwright"]:
    """The driver of browsers, once a process. Raises MissingError as `check`."""
    check()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@contextmanager
def chromium(driver: "Playwright", *flags: str) -> Iterator["Browser"]:
    """A browser with further flags, closed at the end."""
    always = ["--no-sandbox", "--disable-background-networking"]
    browser = driver.chromium.launch(executable_path=needs.chromium(), args=[*always, *flags])
    try:
        yield browser
    finally:
        browser.close()
