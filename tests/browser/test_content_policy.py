"""The page's Content-Security-Policy in a real Chromium: nothing of the page is refused by it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acts import SLOW, TABS, bus, choose, detected, open_tab, put, saved
from tests.browser.conftest import Launch
from tests.conftest import Server

COLLECT = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
FOREIGN_SCRIPT = """() => {
  const script = document.createElement("script");
  script.textContent = "window.foreign = true";
  document.body.append(script);
  const button = document.createElement("button");
  button.setAttribute("onclick", "window.foreign = true");
  document.body.append(button);
  button.click();
  fetch("https://example.org/").catch(() => {});
}"""


def watched(browser: Browser, url: str) -> Page:
    page = browser.new_page(locale="en-US", permissions=["camera", "clipboard-write"])
    page.add_init_script(COLLECT)
    page.goto(url)
    page.wait_for_selector("#tabs button[role=tab]")
    return page


def violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.violations")
    return found


def test_no_tab_needs_what_the_policy_refuses(server: Server, camera: Browser) -> None:
    page = watched(camera, server.url)
    for tab in TABS:
        open_tab(page, tab)
        page.wait_for_timeout(300)
    open_tab(page, "classify")
    put(page, "classify")
    expect(page.locator("#classify-answer .legend")).to_contain_text("network", timeout=SLOW)
    detected(page)
    saved(page, "#detect-downloads", "JSON")
    open_tab(page, "augment")
    put(page, "augment")
    expect(page.locator("#augment-previews img").first).to_be_visible(timeout=SLOW)
    page.locator("#theme-switch").click()
    assert violations(page) == []
    page.close()


def test_the_camera_and_its_recording_need_nothing_refused(server: Server, camera: Browser) -> None:
    page = watched(camera, server.url)
    open_tab(page, "detect")
    page.locator("#tab-detect .modes [data-mode=camera]").click()
    page.locator("#detect-camera [data-action=toggle]").click()
    expect(page.locator("#detect-camera .camera-stats")).to_contain_text("a second", timeout=SLOW)
    page.locator("#detect-camera [data-action=record]").click()
    page.wait_for_timeout(1200)
    with page.expect_download():
        page.locator("#detect-camera [data-action=record]").click()
    with page.expect_download():
        page.locator("#detect-camera [data-action=snapshot]").click()
    assert violations(page) == []
    page.close()


def test_the_video_player_needs_nothing_refused(server: Server, camera: Browser) -> None:
    page = watched(camera, server.url)
    open_tab(page, "video")
    choose(page, "video", "yolo11n")
    page.locator("#video-every input[type=range]").fill("30")
    page.locator("#video-example").click()
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)
    page.locator("#video-start").click()
    expect(page.locator("#video-player video")).to_be_visible(timeout=SLOW)
    page.wait_for_function("document.querySelector('#video-player video').duration > 0")
    assert violations(page) == []
    page.close()


def test_scripts_that_were_not_in_the_page_are_refused(server: Server, camera: Browser) -> None:
    page = watched(camera, server.url)
    page.evaluate(FOREIGN_SCRIPT)
    page.wait_for_function("window.violations.length === 3")
    kinds = sorted(one.split()[0] for one in violations(page))
    assert kinds == ["connect-src", "script-src-attr", "script-src-elem"]
    assert page.evaluate("window.foreign") is None
    page.close()


@pytest.fixture
def framing(launch: Launch) -> Iterator[Browser]:
    """A browser in which a public site may show a page of this machine, without asking."""
    browser = launch("--disable-features=LocalNetworkAccessChecks")
    yield browser
    browser.close()


def frame_on(browser: Browser, site: str, url: str) -> tuple[Page, list[str]]:
    """A page of `site` that shows `url` in a frame, and what the browser says about it."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    frame = f'<iframe src="{url}" width="1200" height="800"></iframe>'
    page.route(site, lambda route: route.fulfill(content_type="text/html", body=frame))
    page.goto(site)
    return page, said


def test_the_hub_may_show_the_page_in_a_frame(server: Server, framing: Browser) -> None:
    page, _ = frame_on(framing, "https://huggingface.co/", server.url)
    inside = page.frame_locator("iframe")
    expect(inside.locator("#tabs")).to_be_visible(timeout=SLOW)
    # To the browser, the page in the frame is of another site than the one around it.
    inside.locator("#classify-picture input[type=file]").set_input_files([bus()])
    expect(inside.locator("#classify-answer")).to_contain_text("%", timeout=SLOW)


def test_another_site_may_not_show_the_page_in_a_frame(server: Server, framing: Browser) -> None:
    page, said = frame_on(framing, "https://other.example/", server.url)
    expect(page.frame_locator("iframe").locator("body")).to_be_attached()
    assert [text for text in said if "frame-ancestors" in text], said
    assert page.frame_locator("iframe").locator("#tabs").count() == 0
