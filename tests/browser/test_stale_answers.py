"""No answer stays under something else that was chosen: with a slow connection and with none."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit


def answered(page: Page) -> None:
    expect(page.locator("#detect-status .timing")).to_be_visible(timeout=SLOW)
    expect(parts(page, stale=True)).to_have_count(0)


def parts(page: Page, stale: bool) -> Locator:
    state = "[inert]" if stale else ":not([inert])"
    return page.locator(f"#tab-detect .block.answer-part{state}, #detect-answer{state}")


def set_confidence(page: Page, value: str) -> None:
    box = page.locator("#detect-confidence input[type=number]")
    box.fill(value)
    box.press("Enter")


def test_the_old_answer_is_out_of_reach_while_the_next_one_travels(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    put(page, "detect")
    answered(page)
    held: list[Route] = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    set_confidence(page, "0.6")
    expect(page.locator("#detect-answer.block")).to_have_attribute("inert", "")
    link = page.locator("#detect-downloads .download-links a").first
    assert link.evaluate("one => one.closest('[inert]') !== null")
    opacity = page.locator("#detect-answer img").evaluate("one => getComputedStyle(one).opacity")
    assert float(opacity) < 0.5
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/queue/join*")
    answered(page)
    expect(page.locator("#detect-confidence input[type=number]")).to_have_value("0.6")


def test_an_upload_that_is_on_its_way_dims_and_a_refused_one_does_not(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    put(page, "detect")
    answered(page)
    held: list[Route] = []
    page.route("**/gradio_api/upload?*", lambda route: held.append(route))
    put(page, "detect")
    expect(page.locator("#detect-answer.block")).to_have_attribute("inert", "")
    assert held
    for route in held:
        route.fulfill(status=413, json={"detail": "too large"})
    expect(parts(page, stale=True)).to_have_count(0)


def test_the_same_example_again_leaves_the_answer_in_reach(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    example = page.locator("#detect-examples button").first
    example.click()
    answered(page)
    example.click()
    expect(parts(page, stale=True)).to_have_count(0, timeout=SLOW)
    expect(page.locator("#detect-status .timing")).to_be_visible()


def test_without_a_connection_the_page_says_so_and_opens_again(visit: Visit) -> None:
    page = visit(locale="zh-CN")
    open_tab(page, "detect")
    put(page, "detect")
    answered(page)
    page.evaluate("window.stillTheSame = true")
    page.context.set_offline(True)
    set_confidence(page, "0.6")
    expect(page.locator("#detect-answer.block")).to_have_attribute("inert", "")
    expect(page.locator(".toast-wrap")).to_contain_text("连接已断开")
    page.context.set_offline(False)
    page.wait_for_function("() => window.stillTheSame === undefined", timeout=SLOW)
    expect(page.locator("#header h1")).to_be_visible(timeout=SLOW)


def test_answers_are_announced_and_describe_their_picture(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    put(page, "detect")
    answered(page)
    counts = re.compile(r"\d person")
    expect(page.locator("#announcer")).to_have_text(counts)
    expect(page.locator("#detect-answer img")).to_have_attribute("alt", counts)
    set_confidence(page, "0.95")
    expect(page.locator("#announcer")).not_to_have_text(counts, timeout=SLOW)
