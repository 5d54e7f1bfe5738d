"""Every tab with its answer against the rules of axe-core, in each scheme, language and width."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.acts import MENU, SLOW, TABS, choose, open_tab, put
from tests.browser.conftest import Visit
from tests.conftest import Server

ANSWERS = {
    "classify": "#classify-answer .legend",
    "detect": "#detect-boxes tbody tr",
    "segment": "#segment-status .note",
    "pose": "#pose-status .note",
    "obb": "#obb-status .note",
    "video": "#video-player video",
    "compare": "table.compare-numbers",
    "augment": "#augment-previews img",
    "inside": "#inside-cell h2",
    "families": "table.families",
    "models": "#models-list table",
}
"""Tab → what is there once its answer is; three say that their models are missing."""
ONCE = "[id$=-more-models]:not(#detect-more-models), [id$=-why]:not(#classify-why)"
"""Sections that stay closed: they are those of Detect and Classify with other models."""
OPEN = """([panel, once]) => {
  const closed = document.querySelectorAll(`${panel} button.label-wrap[aria-expanded=false]`);
  for (const one of closed) if (one.checkVisibility() && !one.closest(once)) one.click();
}"""
RUN = """async ([where, only, without]) => {
  for (const one of document.getAnimations())
    try { one.finish(); } catch { one.cancel(); }  // those without an end cannot be finished
  // Of colours a panel that is not shown has none, but would take most of the time.
  const hidden = [...document.querySelectorAll("[role=tabpanel]")].filter(
    (one) => only && !one.checkVisibility());
  const places = hidden.map(() => document.createComment(""));
  hidden.forEach((one, index) => one.replaceWith(places[index]));
  const found = await axe.run(where ?? document, {
    resultTypes: ["violations"], preload: false, ...(only && { runOnly: only }),
    rules: Object.fromEntries(without.map((id) => [id, { enabled: false }])),
  });
  hidden.forEach((one, index) => places[index].replaceWith(one));
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}"""
HEADINGS = """[...document.querySelectorAll("h1, h2, h3, h4, h5, h6, [role=heading]")]
  .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName.slice(1)))"""
NAME = """(panel) => document.getElementById(panel.getAttribute("aria-labelledby"))?.textContent"""
UNJUDGED = "*::before, *::after { content: none !important; }"
"""axe-core judges no contrast where a pseudo-element lies over a background."""
COLOURS = ["color-contrast", "link-in-text-block"]
WIDTHS = {"desktop": 1440, "phone": 390}


def violations(page: Page, where: str | None = None) -> list[str]:
    """Rules that the page breaks, or a part of it, each with an element that does."""
    return broken(page, where, None, COLOURS) + colour_violations(page, where)


def colour_violations(page: Page, where: str | None = None) -> list[str]:
    """The same for those rules alone that can tell a dark page from a light one."""
    return broken(page, where, COLOURS, [])


def broken(page: Page, where: str | None, only: list[str] | None, without: list[str]) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found: list[str] = page.evaluate(RUN, [where, only, without])
    return found


def damaged() -> FilePayload:
    return FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8\xff no picture")


@pytest.fixture(scope="module", params=["en-US", "zh-CN"])
def answered(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Page]:
    """A page with an answer on every tab and its sections open, for all tests of a language."""
    page = chromium.new_page(locale=request.param, viewport={"width": 1440, "height": 900})
    page.goto(server.url)
    page.wait_for_selector("#tabs button[role=tab]")
    page.add_style_tag(content=UNJUDGED)
    put(page, "classify")
    expect(page.locator(ANSWERS["classify"])).to_be_visible(timeout=SLOW)
    open_tab(page, "video")
    choose(page, "video", "yolo11n")
    page.locator("#video-every input[type=range]").fill("30")
    page.locator("#video-example").click()
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)
    page.locator("#video-start").click()  # it runs while the other tabs are opened
    for tab in TABS:
        open_tab(page, tab)
        expect(page.locator(ANSWERS[tab]).first).to_be_visible(timeout=SLOW)
        page.evaluate(OPEN, [f"#tab-{tab}", ONCE])
    expect(page.locator("details.missing-models > summary")).to_be_visible()
    page.locator("details.missing-models > summary").click()
    expect(page.locator("#classify-why-maps .why-heat")).to_be_attached(timeout=SLOW)
    yield page
    page.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("width", list(WIDTHS))
def test_every_tab_keeps_to_the_rules_in_light_and_dark(answered: Page, width: str) -> None:
    """Of the rules only those about colours can tell a dark page from a light one."""
    page = answered
    page.set_viewport_size({"width": WIDTHS[width], "height": 900})
    # The tabs that have no room go into a menu.
    expect(page.locator(MENU)).to_be_visible(visible=width == "phone")
    found = []
    for tab in TABS:
        open_tab(page, tab)
        panel = f"#tab-{tab}"
        # What no longer belongs to what is chosen is dimmed, for a moment and on purpose.
        expect(page.locator(f"{panel} [inert]")).to_have_count(0, timeout=SLOW)
        found += violations(page, panel)
        page.locator("#theme-switch").click()
        found += colour_violations(page, panel)
        page.locator("#theme-switch").click()
        headings = page.evaluate(HEADINGS)
        assert headings[:2] == [1, 2], "the page's heading, then that of the tab"
        assert set(headings[1:]) <= {2, 3}, tab
        assert page.locator(panel).evaluate(NAME), tab
    found += violations(page)
    page.locator("#theme-switch").click()
    found += violations(page, "header.top") + violations(page, "footer.foot")
    page.locator("#theme-switch").click()
    assert found == []


@pytest.mark.timeout(400)
def test_what_opens_over_the_page_keeps_to_the_rules(answered: Page) -> None:
    page = answered
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(MENU)).to_be_hidden()
    open_tab(page, "models")
    page.locator("#models-list td.actions button[data-event=select]").first.click()
    expect(page.locator("dialog.model-card[open]")).to_be_visible(timeout=SLOW)
    assert in_both_schemes(page) == []
    page.keyboard.press("Escape")
    open_tab(page, "detect")
    page.locator("#detect-model input").click()
    expect(page.locator("li[role=option]").first).to_be_visible()
    assert in_both_schemes(page) == []
    page.keyboard.press("Escape")
    page.locator("#tab-detect .modes [data-mode=camera]").click()
    page.locator("#detect-camera [data-action=toggle]").click()
    expect(page.locator("#detect-camera .camera-status")).not_to_be_empty()
    assert in_both_schemes(page) == []
    page.locator("#tab-detect .modes [data-mode=picture]").click()


@pytest.mark.timeout(400)
def test_errors_keep_to_the_rules(visit: Visit, server: Server) -> None:
    page = visit()
    page.goto(f"{server.url}/classify?top_k=many")
    expect(page.get_by_test_id("toast-text")).to_be_visible(timeout=SLOW)
    put(page, "classify", damaged())
    expect(page.locator("#classify-answer .note.warn, .upload-note").first).to_be_visible(
        timeout=SLOW
    )
    assert in_both_schemes(page) == []


def in_both_schemes(page: Page) -> list[str]:
    """What breaks a rule, light and dark; the theme is changed as its button does."""
    found = violations(page)
    page.evaluate("document.querySelector('#theme-switch').click()")
    found += colour_violations(page)
    page.evaluate("document.querySelector('#theme-switch').click()")
    return found


def test_a_page_that_breaks_a_rule_is_seen(visit: Visit) -> None:
    page = visit()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(one.startswith("button-name") for one in violations(page))
    page.evaluate(
        "document.querySelector('#tab-classify').insertAdjacentHTML("
        "'afterbegin', '<p style=\"color: #888; background: #fff\">pale</p>')"
    )
    [pale] = colour_violations(page, "#tab-classify")
    assert pale.startswith("color-contrast: <p")
