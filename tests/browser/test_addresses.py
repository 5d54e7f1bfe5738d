"""Where one is: each tab has an address, with its settings and the language in it."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.i18n import LOCALES, translate
from tests.browser.acts import SLOW, TABS, choose, detected, open_tab, put, rows
from tests.browser.conftest import Visit
from tests.conftest import Server, free_port
from tests.support.prefix_proxy import proxied

CONFIDENCE = "#detect-confidence input[type=range]"
SETTLED = "() => window.vitrineAddress && history.state?.vitrine"

REFUSE_CLIPBOARD = """() => {
  navigator.clipboard.writeText = () => Promise.reject(new Error());
  document.execCommand = () => false;
}"""


def go(page: Page, url: str) -> None:
    """Open an address, and wait until the page follows it."""
    page.goto(url)
    page.wait_for_function(SETTLED, timeout=SLOW)


def is_open(page: Page, tab: str) -> None:
    expect(page.locator(f"#tab-{tab}")).to_be_visible(timeout=SLOW)


def has_address(page: Page, ending: str) -> None:
    expect(page).to_have_url(re.compile(f"{re.escape(ending)}$"), timeout=SLOW)


def test_the_address_of_each_tab_opens_it(visit: Visit, server: Server) -> None:
    page = visit()
    is_open(page, "classify")
    for tab in TABS:
        go(page, f"{server.url}/{tab}")
        is_open(page, tab)
        assert page.locator("[role=tabpanel]:visible").count() == 1
        has_address(page, f"/{tab}")


def test_a_tab_changes_the_address_and_back_returns(visit: Visit, server: Server) -> None:
    page = visit()
    page.wait_for_function(SETTLED)
    page.evaluate("window.same = true")
    for tab in ("detect", "models", "classify"):
        open_tab(page, tab)
        has_address(page, f"/{tab}")
    for tab in ("models", "detect", "classify"):
        page.go_back()
        is_open(page, tab)
    assert page.url == f"{server.url}/"
    page.go_forward()
    is_open(page, "detect")
    has_address(page, "/detect")
    assert page.evaluate("window.same"), "the page was loaded again"


def test_settings_stand_in_the_address_and_outlive_a_reload(visit: Visit) -> None:
    page = visit()
    detected(page)
    places = page.evaluate("history.length")
    page.locator(CONFIDENCE).fill("0.8")
    expect(page).to_have_url(re.compile(r"/detect\?model=\w+&confidence=0\.8&iou=0\.7$"))
    page.locator("#detect-classes input").click()
    page.get_by_role("option", name="bus", exact=True).click()
    has_address(page, "&confidence=0.8&iou=0.7&classes=bus")
    choose(page, "detect", "yolo11n")
    has_address(page, "/detect?model=yolo11n&confidence=0.8&iou=0.7&classes=bus")
    assert page.evaluate("history.length") == places, "a setting is no place to go back to"
    assert "bus.jpg" not in page.url
    page.reload()
    expect(page.locator(CONFIDENCE)).to_have_value("0.8", timeout=SLOW)
    expect(page.locator("#detect-model input")).to_have_value(re.compile("^yolo11n "))
    expect(page.locator("#detect-status .chips")).to_have_text("bus 1", timeout=SLOW)
    has_address(page, "/detect?model=yolo11n&confidence=0.8&iou=0.7&classes=bus")


def test_a_copied_link_opens_the_same_elsewhere(
    visit: Visit, chromium: Browser, server: Server
) -> None:
    page = visit(locale="zh-TW")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, f"{server.url}/classify?top_k=7")
    page.locator("#copy-link").click()
    expect(page.locator("#copy-link-status")).to_have_text(translate("copy_link_done", "zh-TW"))
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/classify?model=efficientnet_lite0&top_k=7&lang=zh-TW"
    other = chromium.new_page(locale="en-US")
    go(other, link)
    expect(other.locator("#classify-top input[type=range]")).to_have_value("7")
    expect(other.locator("#tabs button[role=tab]").first).to_have_text("分類")
    other.close()


def test_a_link_can_be_copied_where_the_clipboard_is_refused(visit: Visit, server: Server) -> None:
    page = visit()
    open_tab(page, "models")
    page.evaluate(REFUSE_CLIPBOARD)
    page.locator("#copy-link").click()
    field = page.get_by_label(translate("copy_link_by_hand", "en"))
    expect(field).to_have_value(f"{server.url}/models?lang=en")
    expect(field).to_be_focused()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_wrong_value_is_told_and_the_default_stands(
    visit: Visit, server: Server, locale: str
) -> None:
    page = visit()
    wrong = "model=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&confidence=7&classes=unicorn"
    page.goto(f"{server.url}/detect?{wrong}&lang={locale}")
    told = page.get_by_test_id("toast-text")
    expect(told).to_contain_text(
        translate("out_of_range", locale, name="confidence", got="7", low=0.01, high=0.95),
        timeout=SLOW,
    )
    expect(told).to_contain_text("<img src=x onerror=alert(1)>")
    expect(told).to_contain_text("unicorn")
    expect(told).to_have_count(1)
    assert page.locator("img[src=x], [onerror]").count() == 0
    expect(page.locator(CONFIDENCE)).to_have_value("0.25")
    expect(page.locator("#detect-model input")).to_have_value(re.compile("^yolo"))
    has_address(page, f"/detect?lang={locale}")


def test_an_unknown_language_is_told(visit: Visit, server: Server) -> None:
    page = visit(locale="zh-CN")
    page.goto(f"{server.url}/detect?lang=klingon")
    expect(page.get_by_test_id("toast-text")).to_contain_text("klingon", timeout=SLOW)
    expect(page.locator("#tabs button[role=tab]").first).to_have_text("分类")


def test_a_threshold_goes_before_the_models_own(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, f"{server.url}/detect?model=yolo-vitrine&iou=0.9")
    expect(page.locator("#detect-model input")).to_have_value(re.compile("^yolo-vitrine "))
    page.locator("#detect-more button").first.click()
    expect(page.locator("#detect-iou input[type=range]")).to_have_value("0.9")
    has_address(page, "&iou=0.9")
    go(page, f"{server.url}/detect?model=yolo-vitrine")
    page.locator("#detect-more button").first.click()
    expect(page.locator("#detect-iou input[type=range]")).to_have_value("0.45")


def test_other_tabs_have_settings_too(visit: Visit, server: Server) -> None:
    page = visit()
    query = "task=classify&models=cnn-cifar10&models=resnet9-cifar10"
    go(page, f"{server.url}/compare?{query}")
    expect(page.locator("#compare-classify-models")).to_contain_text("resnet9-cifar10")
    expect(page.locator("#compare-detect-models")).to_be_hidden()
    has_address(page, f"/compare?{query}")
    go(page, f"{server.url}/video?model=cnn-cifar10&every=3")
    expect(page.locator("#video-every input[type=range]")).to_have_value("3")
    expect(page.locator("#video-confidence")).to_be_hidden()
    go(page, f"{server.url}/augment?count=4&seed=9")
    put(page, "augment")
    expect(page.locator("#augment-previews button img")).to_have_count(4, timeout=SLOW)
    go(page, f"{server.url}/inside?model=resnet9-cifar10")
    expect(page.locator("#inside-model input")).to_have_value("resnet9-cifar10")


@pytest.mark.parametrize(
    ("languages", "word"),
    [("fr", "Classify"), ("fr,zh-HK", "分類"), ("de,en,zh-CN", "Classify"), ("zh", "分类")],
)
def test_the_browsers_languages_decide_where_the_address_does_not(
    chromium: Browser, server: Server, languages: str, word: str
) -> None:
    tags = languages.split(",")
    context = chromium.new_context(
        locale=tags[0], extra_http_headers={"Accept-Language": languages}
    )
    context.add_init_script(
        f"Object.defineProperty(navigator, 'languages', {{ get: () => {json.dumps(tags)},"
        " configurable: true });"
    )
    page = context.new_page()
    go(page, server.url)
    expect(page.locator("#tabs button[role=tab]").first).to_have_text(word)
    open_tab(page, "models")
    # What the server writes is in the same language.
    heading = {"Classify": "Licence", "分类": "许可证", "分類": "授權條款"}[word]
    expect(page.locator("#models-list")).to_contain_text(heading)
    context.close()


def test_a_switch_of_the_language_keeps_picture_settings_and_answer(visit: Visit) -> None:
    page = visit()
    uploads: list[str] = []
    page.on("request", lambda one: uploads.append(one.url) if "/upload?" in one.url else None)
    page.locator("#classify-top input[type=range]").fill("7")
    detected(page)
    page.locator(CONFIDENCE).fill("0.8")
    expect(rows(page)).not_to_have_count(5)
    left = rows(page).count()
    page.select_option("#language-switch", "zh-CN")
    expect(page.locator("#detect-status .legend")).to_contain_text("毫秒", timeout=SLOW)
    expect(rows(page)).to_have_count(left)
    expect(page.locator(CONFIDENCE)).to_have_value("0.8")
    expect(page.locator("#detect-picture img").first).to_be_visible()
    has_address(page, "&confidence=0.8&iou=0.7&lang=zh-CN")
    open_tab(page, "classify")
    has_address(page, "/classify?model=efficientnet_lite0&top_k=7&lang=zh-CN")
    bars = page.locator("#classify-answer table.score-bars tbody tr")
    expect(bars).to_have_count(7, timeout=SLOW)
    assert len(uploads) == 1
    page.select_option("#language-switch", "en")
    expect(page.locator("#tabs button[role=tab]").first).to_have_text("Classify")
    expect(bars).to_have_count(7, timeout=SLOW)
    assert "lang" not in page.url
    assert page.context.cookies() == []
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_the_page_works_below_a_prefix(chromium: Browser, shared_data: Path) -> None:
    weights = str(shared_data / "weights")
    server = Server(VITRINE_WEIGHTS=weights, GRADIO_ROOT_PATH="/vitrine").wait()
    with proxied("/vitrine", server.port, free_port(), keep_host=True) as url:
        page = chromium.new_page(locale="en-US")
        go(page, f"{url}/detect?confidence=0.8")
        put(page, "detect")
        expect(page.locator("#detect-status .chips")).to_contain_text("bus 1", timeout=SLOW)
        open_tab(page, "classify")
        assert page.url == f"{url}/classify"
        bars = page.locator("#classify-answer table.score-bars tbody tr")
        expect(bars).to_have_count(5, timeout=SLOW)
        page.reload()
        expect(bars).to_have_count(5, timeout=SLOW)
        page.go_back()
        is_open(page, "detect")
        expect(page.locator(CONFIDENCE)).to_have_value("0.8")
        page.close()
    server.stop()


@pytest.mark.parametrize("model", ["yolo26n", "yolo11n"])
def test_the_classes_of_its_model_are_in_its_language(
    visit: Visit, server: Server, model: str
) -> None:
    page = visit()
    go(page, f"{server.url}/detect?model={model}&lang=zh-CN")
    expect(page.locator("#detect-model input")).to_have_value(re.compile(f"^{model} "))
    page.locator("#detect-classes input").click()
    expect(page.locator("ul[role=listbox] li").first).to_contain_text("人")
