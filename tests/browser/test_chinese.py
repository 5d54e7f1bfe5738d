"""A visitor who has chosen Chinese meets no English words, whatever the tab and its answer."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, TABS, open_tab, put
from tests.browser.conftest import StartCamera, Visit
from tests.browser.test_addresses import SETTLED
from tests.browser.test_camera import bus
from tests.browser.words import english
from tests.conftest import Server

LOCALES = ("zh-CN", "zh-TW")


def go(page: Page, server: Server, address: str, locale: str = "zh-CN") -> None:
    """Open the page at an address, and wait until its controls are set."""
    page.goto(f"{server.url}/{address}{'&' if '?' in address else '?'}lang={locale}")
    page.wait_for_function(SETTLED, timeout=SLOW)


def answered(page: Page, tab: str) -> None:
    """Put the bus in and wait for the answer, of which something is said."""
    put(page, tab)
    expect(page.locator(f"#tab-{tab} [data-spoken]").first).to_be_attached(timeout=SLOW)


def why(page: Page, tab: str, part: str) -> None:
    """Open the explanation and wait for a part of it."""
    page.locator(f"#{tab}-why button").first.click()
    expect(page.locator(f"#{tab}-why-maps {part}").first).to_be_visible(timeout=SLOW)


def listed(page: Page, box: str) -> str:
    """What a list offers."""
    page.locator(f"{box} input").click()
    options = page.locator("ul[role=listbox] li")
    expect(options.first).to_be_visible()
    assert english(page) == {}
    text = " ".join(options.all_inner_texts())
    page.keyboard.press("Escape")
    return text


@pytest.mark.parametrize("locale", LOCALES)
def test_no_tab_says_anything_in_english_before_there_is_a_picture(
    visit: Visit, server: Server, locale: str
) -> None:
    page = visit()
    go(page, server, "classify", locale)
    for tab in TABS:
        open_tab(page, tab)
        expect(page.locator(f"#tab-{tab}")).to_be_visible()
        assert english(page) == {}, tab


def test_a_classifiers_answer_and_its_explanation(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "classify?model=cnn-cifar10")
    answered(page, "classify")
    expect(page.locator("#classify-answer .device")).to_contain_text("核")
    why(page, "classify", "svg")  # of the check
    assert english(page) == {}
    assert "遮挡" in listed(page, "#classify-why-method")
    assert "青蛙 · " in listed(page, "#classify-why-other")


def test_a_detectors_answer_its_explanation_and_its_lists(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "detect?model=yolo11n")
    answered(page, "detect")
    why(page, "detect", ".why-heat")  # its check takes long, and says the same
    assert english(page) == {}
    assert "1 · 公共汽车" in listed(page, "#detect-why-box")
    assert listed(page, "#detect-why-other").startswith("人 自行车")
    page.locator("#tab-detect .modes [data-mode=camera]").click()
    assert listed(page, "#detect-blur").startswith("人 自行车")


def test_two_detectors_and_two_classifiers_compared(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "compare?task=detect&models=yolo11n&models=yolo-vitrine")
    put(page, "compare")
    rows = page.locator("table.compare-boxes tbody tr")
    expect(rows.filter(has_text="人").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#compare-status")).to_contain_text("核", timeout=SLOW)
    assert english(page) == {}
    go(page, server, "compare?task=classify&models=cnn-cifar10&models=cnn3-cifar10")
    # The models of the address are taken up first, without a picture.
    page.wait_for_timeout(1500)
    expect(page.locator("#tab-compare [aria-busy=true]")).to_have_count(0, timeout=SLOW)
    put(page, "compare")
    expect(page.locator("table.compare-scores")).to_contain_text("卡车", timeout=SLOW)
    assert english(page) == {}


def test_a_film_is_counted_in_chinese(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "video?model=yolo11n")
    page.locator("#video-every input[type=range]").fill("30")
    page.locator("#video-example").click()
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)
    page.locator("#video-more button").first.click()
    for name in ("classes", "blur"):
        assert listed(page, f"#video-{name}").startswith("人 自行车")
    page.locator("#video-start").click()
    expect(page.locator("#video-player video")).to_be_visible(timeout=SLOW)
    expect(page.locator("#video-status .facts")).to_contain_text("人")
    expect(page.locator("#video-status .chart .chips")).to_contain_text("人")
    assert english(page) == {}


def test_the_inside_of_a_network_augmentations_and_a_card(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "inside")
    put(page, "inside")
    expect(page.locator("#inside-answer table")).to_contain_text("卡车", timeout=SLOW)
    assert english(page) == {}
    go(page, server, "augment")
    put(page, "augment")
    expect(page.locator("#augment-status .note")).to_be_visible(timeout=SLOW)
    page.locator("#augment-code button").first.click()
    expect(page.locator("#augment-code .cm-content")).to_have_attribute("aria-label", "代码")
    expect(page.locator("#augment-chosen input").first).to_have_attribute("title", "旋转")
    assert english(page) == {}
    go(page, server, "models")
    for name in ("yolo-vitrine", "dcgan-cifar10"):
        page.get_by_role("button", name=f"{name} 的模型卡").click()
        card = page.locator("dialog.model-card[open]")
        expect(card).to_contain_text(name)
        assert english(page) == {}
        page.keyboard.press("Escape")


def test_what_gradio_itself_says(visit: Visit, server: Server) -> None:
    page = visit()
    page.goto(f"{server.url}/detect?confidence=7&lang=zh-CN")
    expect(page.get_by_test_id("toast-text")).to_be_visible(timeout=SLOW)
    expect(page.locator(".toast-title")).to_have_text("警告")
    said = page.evaluate(
        """() => {
          const part = Object.assign(document.createElement("div"), { className: "sr-only" });
          const words = ["common.complete", "100 choices shown, 899 remaining"];
          document.body.append(part);
          return words.reduce(async (before, text) => {
            const shown = await before;
            part.textContent = text;
            await new Promise((done) => setTimeout(done));
            return [...shown, part.textContent];
          }, []);
        }"""
    )
    assert said == ["完成", "已显示 100 项，还有 899 项"]


def test_the_live_camera_counts_in_chinese(server: Server, camera_showing: StartCamera) -> None:
    page = camera_showing(bus()).new_page(locale="en-US", permissions=["camera"])
    go(page, server, "detect?model=yolo11n")
    page.locator("#tab-detect .modes [data-mode=camera]").click()
    page.locator("#detect-camera [data-action=toggle]").click()
    result = page.locator("#detect-camera .camera-result")
    expect(result.locator(".chips")).to_contain_text(re.compile(r"人 × \d"), timeout=SLOW)
    expect(result).to_contain_text(re.compile(r"人 \d+、公共汽车 \d|公共汽车 \d、人 \d"))
    assert english(page) == {}
