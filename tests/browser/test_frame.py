"""The page within a page of another site, whose browser refuses storage and cookies there."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, expect

from tests.browser.acts import SLOW, bus
from tests.conftest import Server

HUB = "https://huggingface.co/spaces/somebody/vitrine"
REFUSED = """() => ["sessionStorage", "localStorage"].map((name) => {
  try { return String(self[name]); } catch (error) { return error.name; }
})"""
KEPT = "document.cookie = 'a=b'; document.cookie"


@pytest.fixture
def frame(server: Server, chromium: Browser, tmp_path: Path) -> Iterator[Frame]:
    """The page in a frame of the Hub; the visitor has told the browser to refuse all storage."""
    (tmp_path / "Default").mkdir()
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences), "utf-8")
    context = chromium.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"],
        locale="en-US",
    )
    page = context.new_page()
    html = f'<iframe src="{server.url}" width="1200" height="800"></iframe>'
    page.route(HUB, lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(HUB)
    shown = page.frames[1]
    expect(shown.locator("#tabs")).to_be_visible(timeout=SLOW)
    assert shown.evaluate(REFUSED) == ["SecurityError", "SecurityError"]
    assert shown.evaluate(KEPT) == ""
    yield shown
    context.close()


def test_language_picture_and_settings_need_no_storage(frame: Frame) -> None:
    frame.locator("#classify-picture input[type=file]").set_input_files([bus()])
    bars = frame.locator("#classify-answer table.score-bars tbody tr")
    expect(bars).to_have_count(5, timeout=SLOW)
    frame.locator("#classify-top input[type=range]").fill("3")
    expect(bars).to_have_count(3)
    frame.locator("#language-switch").select_option("zh-CN")
    expect(frame.locator("#tabs button[role=tab]").first).to_have_text("分类", timeout=SLOW)
    expect(bars).to_have_count(3, timeout=SLOW)
    expect(frame.locator("#classify-answer .legend")).to_contain_text("网络")
    frame.locator("#tabs button[role=tab]").nth(1).click()
    expect(frame.locator("#detect-status .chips")).to_contain_text("公共汽车", timeout=SLOW)
    assert frame.url.endswith("/detect?lang=zh-CN")


def test_light_and_dark_need_no_storage(frame: Frame) -> None:
    body = frame.locator("body")
    expect(body).not_to_have_class(re.compile("dark"))
    frame.locator("#theme-switch").click()
    expect(body).to_have_class(re.compile("dark"))
    frame.wait_for_function("history.state?.vitrine")
    frame.evaluate("location.reload()")
    expect(body).to_have_class(re.compile("dark"), timeout=SLOW)
    frame.locator("#theme-switch").click()
    expect(body).not_to_have_class(re.compile("dark"))


def test_a_link_is_copied_without_the_permission_to_use_the_clipboard(
    frame: Frame, server: Server
) -> None:
    frame.wait_for_function("history.state?.vitrine")
    frame.evaluate("document.addEventListener('copy', () => { window.copied = true; })")
    frame.locator("#copy-link").click()
    expect(frame.locator("#copy-link-status")).to_have_text("Link copied")
    assert frame.evaluate("window.copied"), "by selecting it, since the clipboard is refused"
