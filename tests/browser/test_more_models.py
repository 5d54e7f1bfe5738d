"""What a bare machine shows first, what can be brought with one click, and the cards of models."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import violations
from tests.conftest import ROOT, Server
from tests.support.checkpoints import network, save

PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
import httpx
from demo.inference import catalog
from demo.inference.download import Downloader

class Slowly(httpx.SyncByteStream):
    def __init__(self, content):
        self.content = content
    def __iter__(self):
        for start in range(0, len(self.content), 1 << 20):
            time.sleep(0.4)
            yield self.content[start : start + (1 << 20)]

def answer(request):
    if not request.url.path.endswith("/yolo11n.pt"):
        raise httpx.ConnectError("no network", request=request)
    content = open({weights!r} + "/yolo11n.pt", "rb").read()
    length = {{"content-length": str(len(content))}}
    return httpx.Response(200, headers=length, stream=Slowly(content))

transport = httpx.MockTransport(answer)
catalog.Downloader = lambda: Downloader(lambda: httpx.Client(transport=transport))
# The stand-in of the official file has another digest than that.
from demo.models import coco
object.__setattr__(coco._YOLO11N, "sha256", None)
object.__setattr__(coco._YOLO11N, "size_bytes", 5_506_169)
import os
from demo.serve import serve
sys.exit(serve(os.environ, []))
"""
"""The application on a bare machine whose network knows one address: that of yolo11n.pt."""


@pytest.fixture(scope="module")
def own_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The owner's folder of weights, empty."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def bare(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Path, own_weights: Path
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bare")
    program = folder / "program.py"
    program.write_text(PROGRAM.format(root=str(ROOT), weights=str(shared_data / "weights")))
    running = Server(
        str(program),
        VITRINE_CACHE=str(folder),
        VITRINE_WEIGHTS=str(own_weights),
        VITRINE_OFFLINE="",
        VITRINE_DOWNLOADS="yolo*,resnet*",
    ).wait()
    yield running
    printed = running.stop()
    assert "Traceback" not in printed, printed


@pytest.fixture
def page(bare: Server, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
    page.goto(bare.url)
    page.wait_for_selector("#tabs button[role=tab]")
    yield page
    page.close()


def open_more(page: Page, name: str) -> None:
    page.locator(f"#{name}-more-models > button").click()
    expect(page.locator(f"#{name}-models-list table").first).to_be_visible(timeout=SLOW)


def test_on_a_bare_machine_the_picker_offers_only_what_answers(page: Page) -> None:
    page.locator("#classify-model input").click()
    offered = page.get_by_role("listbox").get_by_role("option").all_inner_texts()
    assert 1 <= len(offered) <= 8
    assert all("⤓" not in text for text in offered)
    assert any("Caltech-101 top-1" in text for text in offered)
    entry = page.locator("#classify-more-models > button")
    expect(entry).to_contain_text(re.compile(r"More models that can be brought \(1\d\d\)"))
    expect(page.locator("#classify-models-list table")).to_have_count(0)


def test_a_tab_without_a_model_shows_how_to_bring_one_and_no_controls_of_none(
    page: Page, bare: Server, own_weights: Path
) -> None:
    open_tab(page, "segment")
    needs = ("model", "confidence", "more", "boxes", "why", "about", "answer")
    for part in needs:
        expect(page.locator(f"#segment-{part}")).to_be_hidden()
    expect(page.locator("#segment-models-list table").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#segment-status")).to_contain_text("No model that segments")
    file = own_weights / "mine.pt"
    save(network("yolo11n-seg", ("person", "bus")), file, 160)
    try:
        page.goto(f"{bare.url}/segment")
        for part in needs:
            expect(page.locator(f"#segment-{part}")).to_be_visible(timeout=SLOW)
    finally:
        file.unlink()


def test_what_can_be_brought_is_grouped_and_searched(page: Page) -> None:
    open_more(page, "classify")
    rows = page.locator("#classify-models-list tr[data-words]")
    assert rows.count() > 100
    families = page.locator("#classify-models-list tr.family").all_inner_texts()
    assert families.index("AlexNet") < families.index("ResNet") < families.index("VGG")
    page.locator("#classify-models-list input[type=search]").fill("resnet 50")
    shown = page.locator("#classify-models-list tr[data-words]:visible th").all_inner_texts()
    assert "resnet50" in shown
    assert all("50" in name for name in shown)
    expect(page.locator("#classify-models-list table:visible").first).to_contain_text("102.5 MB")
    page.locator("#classify-models-list input[type=search]").fill("no such")
    expect(page.locator("#classify-models-list .models-no-match")).to_be_visible()


def test_without_a_network_and_without_leave_it_is_said_in_one_sentence(page: Page) -> None:
    open_more(page, "classify")
    listed = page.locator("#classify-models-list")
    listed.get_by_role("button", name="Bring resnet18").click()
    status = page.locator("#classify-models-status")
    expect(status).to_contain_text("there is no network to download it", timeout=SLOW)
    assert status.inner_text().count(".") <= 3
    vgg = listed.locator("tr[data-words='vgg16 vgg']")
    expect(vgg).to_contain_text("the owner does not allow its download")
    expect(vgg.get_by_role("button", name="Bring")).to_have_count(0)
    assert "demo.weights" not in page.locator("body").inner_text()
    assert "pip install" not in listed.inner_text()


def test_one_click_brings_a_model_chooses_it_and_it_answers(page: Page) -> None:
    open_tab(page, "detect")
    put(page, "detect")
    expect(page.locator("#detect-status .legend")).to_contain_text("network", timeout=SLOW)
    open_more(page, "detect")
    page.locator("#detect-models-list").get_by_role("button", name="Bring yolo11n,").click()
    status = page.locator("#detect-models-status")
    expect(status).to_contain_text(re.compile(r"\d+ ?%"), timeout=SLOW)
    expect(status).to_contain_text("yolo11n is here now.", timeout=SLOW)
    expect(page.locator("#detect-model input")).to_have_value(re.compile("^yolo11n ·"))
    expect(page.locator("#detect-status .chips")).to_contain_text("bus 1", timeout=SLOW)
    listed = page.locator("#detect-models-list tr[data-words='yolo11n yolo11']")
    expect(listed).to_have_count(0)


@pytest.mark.parametrize("tab", ["models", "families"])
def test_the_pages_of_models_have_buttons_instead_of_commands(page: Page, tab: str) -> None:
    open_tab(page, tab)
    listed = page.locator(f"#{tab}-list")
    expect(listed.locator("table").first).to_be_visible(timeout=SLOW)
    if tab == "models":
        listed.locator("summary").click()
    listed.get_by_role("button", name="Bring resnet50").click()
    expect(page.locator(f"#{tab}-status")).to_contain_text("no network", timeout=SLOW)
    assert "demo.weights" not in listed.inner_text()


def test_the_card_opens_and_closes_by_keyboard(page: Page) -> None:
    open_tab(page, "detect")
    about = page.locator("#detect-about")
    about.focus()
    page.keyboard.press("Enter")
    card = page.locator("#detect-models-card dialog")
    expect(card).to_be_visible(timeout=SLOW)
    for words in ("person, face, license plate", "Animal-Pose", "far and small", "AGPL-3.0"):
        expect(card).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.keyboard.press("Enter")
    expect(card).to_be_visible(timeout=SLOW)
    page.keyboard.press("Enter")  # the focus is on its first button, Close
    expect(card).to_be_hidden()


def test_the_card_of_a_missing_model_opens_from_the_list(page: Page) -> None:
    open_tab(page, "models")
    listed = page.locator("#models-list")
    listed.locator("summary").click()
    listed.get_by_role("button", name="Card of resnet18").click()
    card = page.locator("#models-card dialog")
    expect(card).to_be_visible(timeout=SLOW)
    expect(card).to_contain_text("ImageNet-1K")
    expect(card).to_contain_text("Classes that it knows (1000)")
    expect(card).to_contain_text("toilet tissue")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_and_card_keep_to_the_rules(visit: Visit, scheme: str) -> None:
    page = visit(scheme=scheme)
    open_more(page, "classify")
    page.wait_for_timeout(1500)
    assert violations(page) == []
    page.locator("#classify-about").click()
    expect(page.locator("#classify-models-card dialog")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    assert violations(page) == []


def test_models_are_cards_on_a_phone_and_scroll_by_keyboard_elsewhere(visit: Visit) -> None:
    phone = visit(width=390)
    open_tab(phone, "models")
    phone.locator("#models-list summary").click()
    row = phone.locator("#models-list tr[data-words='resnet50 resnet']")
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["height"] > 100
    rights = "all => Math.max(...all.map(e => e.getBoundingClientRect().right))"
    assert phone.locator("#models-list *").evaluate_all(rights) <= 391
    desktop = visit()
    open_tab(desktop, "models")
    desktop.locator("#models-list summary").click()
    region = desktop.locator("#models-list .scroll")
    region.focus()
    for _ in range(3):
        desktop.keyboard.press("PageDown")
        desktop.wait_for_timeout(200)
    desktop.wait_for_function(
        "document.querySelector('#models-list .scroll').scrollTop > 300", timeout=SLOW
    )
