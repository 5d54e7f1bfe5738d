"""The page in a real Chromium: upload a picture, move a slider, save a file."""

import io
import json
import re
import zipfile
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import expect

from tests.browser.acts import BUS, SLOW, choose, detected, open_tab, put, rows, saved
from tests.browser.conftest import Visit


def test_classify_shows_scores_model_input_and_files(visit: Visit) -> None:
    page = visit()
    put(page, "classify")
    rows = page.locator("#classify-answer table.score-bars tbody tr")
    expect(rows).to_have_count(5, timeout=SLOW)
    shares = [float(t.rstrip(" %")) for t in rows.locator("td.num").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    expect(page.locator("#classify-input img")).to_have_count(2)
    expect(page.locator("#classify-answer .legend")).to_contain_text("network")
    name, data = saved(page, "#classify-downloads", "JSON")
    assert name.endswith(".json")
    assert len(json.loads(data)["labels"]) == 5
    page.locator("#classify-top input[type=range]").fill("3")
    expect(rows).to_have_count(3)
    expect(page.locator("#classify-answer .legend")).to_contain_text("answer kept")


def test_the_confidence_slider_filters_without_a_forward_pass(visit: Visit) -> None:
    page = visit()
    detected(page)
    expect(page.locator("#detect-status .chips")).to_contain_text("person 4")
    scores = rows(page).locator("td:nth-child(3)")
    left = [text for text in scores.all_inner_texts() if float(text.rstrip(" %")) >= 80]
    assert 0 < len(left) < 5
    page.locator("#detect-confidence input[type=range]").fill("0.8")
    expect(page.locator("#detect-status .legend")).to_contain_text("answer kept")
    expect(scores).to_have_text(left)
    page.locator("#detect-confidence input[type=range]").fill("0.95")
    expect(page.locator("#detect-status")).to_contain_text("Nothing found")


def test_the_files_of_detect_can_be_saved(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    put(page, "detect")
    for kind in ("Picture", "JSON", "CSV", "COCO", "YOLO", "VOC", "Python"):
        expect(page.locator("#detect-downloads")).to_contain_text(kind, timeout=SLOW)
        name, data = saved(page, "#detect-downloads", kind)
        assert "." in name, kind
        if kind == "Picture":
            assert data[:2] == b"\xff\xd8"
        elif kind == "YOLO":
            names = zipfile.ZipFile(io.BytesIO(data)).namelist()
            assert any(inside.endswith(".txt") for inside in names)
        else:
            assert (b"engine.run" if kind == "Python" else b"person") in data, kind


def test_augment_shows_nine_previews_and_the_code(visit: Visit) -> None:
    page = visit()
    open_tab(page, "augment")
    put(page, "augment")
    previews = page.locator("#augment-previews button img")
    expect(previews).to_have_count(9, timeout=SLOW)
    first = previews.nth(0).get_attribute("src")
    page.locator("#augment-random-seed").click()
    expect(previews.nth(0)).not_to_have_attribute("src", first or "")
    page.get_by_label("Blur").check()
    expect(page.locator("#augment-controls")).to_contain_text("Blur")
    with page.expect_download(timeout=SLOW) as caught:
        page.locator("#augment-save").click()
    names = zipfile.ZipFile(caught.value.path()).namelist()
    assert sum(name.endswith(".png") for name in names) == 9
    page.locator("#augment-code button").first.click()
    expect(page.locator("#augment-code")).to_contain_text("torchvision")


def test_an_example_answers_with_one_click(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    page.locator("#detect-examples button").nth(0).click()
    expect(page.locator("#detect-status .chips")).to_contain_text("bus 1", timeout=SLOW)


def test_each_model_has_the_examples_on_which_it_is_worth_seeing(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    shown = page.locator("#detect-examples img")
    expect(shown.first).to_have_attribute("src", re.compile("bus"))
    choose(page, "detect", "yolo-vitrine")
    expect(shown).to_have_count(1)
    expect(shown.first).to_have_attribute("src", re.compile("zidane"))
    page.locator("#detect-examples button").first.click()
    expect(page.locator("#detect-status .chips")).to_contain_text("face 2", timeout=SLOW)


def test_in_chinese_the_classes_have_chinese_names(visit: Visit) -> None:
    page = visit(locale="zh-CN")
    open_tab(page, "detect")
    put(page, "detect")
    expect(page.locator("#detect-status .chips")).to_contain_text("公共汽车 1", timeout=SLOW)
    expect(page.locator("#detect-boxes tbody")).to_contain_text("人")
    name, data = saved(page, "#detect-downloads", "JSON")
    pairs = {(row["label"], row["display"]) for row in json.loads(data)["boxes"]}
    assert pairs == {("person", "人"), ("bus", "公共汽车")}
    box = page.locator("#detect-classes input")
    box.click()
    box.fill("公共汽车")
    page.get_by_role("option").filter(has_text="公共汽车").first.click()
    expect(page.locator("#detect-boxes tbody tr")).to_have_count(1, timeout=SLOW)
    assert name.endswith(".json")


def test_models_lists_and_filters(visit: Visit) -> None:
    page = visit()
    open_tab(page, "models")
    expect(page.locator("#models-list")).to_contain_text("resnet50")
    page.locator("#models-filter input, #models-filter textarea").first.fill("yolo")
    expect(page.locator("#models-list")).not_to_contain_text("resnet50")
    expect(page.locator("#models-list")).to_contain_text("yolo11n")


@pytest.mark.parametrize(
    ("locale", "word"),
    [
        ("en-US", "Classify"),
        ("zh", "分类"),
        ("zh-CN", "分类"),
        ("zh-TW", "分類"),
        ("zh-HK", "分類"),
    ],
)
def test_the_page_follows_the_browsers_language(visit: Visit, locale: str, word: str) -> None:
    page = visit(locale=locale)
    expect(page.locator("#tabs button[role=tab]").first).to_have_text(word)
    expect(page.locator("body")).not_to_contain_text("__i18n__")


def test_the_language_can_be_switched_and_is_kept(visit: Visit) -> None:
    page = visit()
    page.select_option("#language-switch", "zh-TW")
    expect(page.locator("#tabs button[role=tab]").nth(1)).to_have_text("偵測")
    open_tab(page, "detect")
    put(page, "detect")
    expect(page.locator("#detect-downloads")).to_contain_text("儲存", timeout=SLOW)
    page.reload()
    expect(page.locator("#tabs button[role=tab]").nth(1)).to_have_text("偵測")


def test_light_and_dark(visit: Visit) -> None:
    page = visit()
    assert "dark" not in (page.locator("body").get_attribute("class") or "")
    page.locator("#theme-switch").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.reload()
    expect(page.locator("body")).to_have_class(re.compile("dark"))


ANSWERS = {
    "classify": "#classify-input img >> nth=1",
    "detect": "#detect-boxes tbody tr >> nth=4",
    "augment": "#augment-previews button img >> nth=8",
    "models": "#models-list tbody tr >> nth=8",
}


def test_nothing_is_wider_than_a_phone(visit: Visit) -> None:
    page = visit(width=390)
    put(page, "classify")  # and with it on the other tabs
    for name, answer in ANSWERS.items():
        open_tab(page, name)
        expect(page.locator(answer).first).to_be_visible(timeout=SLOW)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_the_documents_of_the_api_are_no_wider_than_a_phone(visit: Visit) -> None:
    page = visit(width=390)
    page.goto(page.url.split("?")[0].rstrip("/") + "/api/docs")
    expect(page.locator("section#detect h2")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_broken_file_is_reported_and_the_next_one_answers(visit: Visit, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(BUS.read_bytes()[:3000])
    page = visit()
    open_tab(page, "detect")
    put(page, "detect", broken)
    expect(page.locator("#detect-status .note.warn")).to_be_visible(timeout=SLOW)
    assert len(page.locator("#detect-status .note.warn").inner_text()) > 20
    page.locator("#detect-picture button[aria-label=Clear]").or_(
        page.locator("#detect-picture button[aria-label='Remove Image']")
    ).first.click()
    put(page, "detect")
    expect(page.locator("#detect-status .chips")).to_contain_text("bus 1", timeout=SLOW)


def test_a_tiff_is_shown_and_answered(visit: Visit, tmp_path: Path) -> None:
    tiff = tmp_path / "bus.tiff"
    cv2.imwrite(str(tiff), cv2.imread(str(BUS)))
    page = visit()
    open_tab(page, "detect")
    put(page, "detect", tiff)
    expect(page.locator("#detect-status .chips")).to_contain_text("bus 1", timeout=SLOW)
    shown = page.locator("#detect-picture img").first
    expect(shown).to_be_visible()
    shown_width = "document.querySelector('#detect-picture img').naturalWidth"
    page.wait_for_function(f"{shown_width} === 810", timeout=SLOW)


def test_the_overlap_slider_is_disabled_for_a_model_without_nms(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    page.locator("#detect-more button").first.click()
    expect(page.locator("#detect-iou input[type=range]")).to_be_enabled()
    choose(page, "detect", "yolo26n-nmsfree")
    expect(page.locator("#detect-iou input[type=range]")).to_be_disabled(timeout=SLOW)
    expect(page.locator("#detect-iou")).to_contain_text("no overlap to settle")


def test_offline_a_missing_model_says_so_without_a_command(visit: Visit) -> None:
    page = visit()
    page.locator("#classify-more-models > button").click()
    row = page.locator("#classify-models-list tr[data-words='resnet50 resnet']")
    expect(row).to_contain_text("downloads are switched off here", timeout=SLOW)
    expect(row.get_by_role("button", name="Bring")).to_have_count(0)
    assert "demo.weights" not in page.locator("body").inner_text()


def test_a_picture_of_no_known_class_is_reported(visit: Visit, shared_data: Path) -> None:
    page = visit()
    choose(page, "classify", "cnn-cifar10")
    put(page, "classify", shared_data / "caltech101" / "ewer" / "image_0003.webp")
    note = page.locator("#classify-answer .note.warn")
    expect(note).to_contain_text("wrongly doubts", timeout=SLOW)
    answer = page.locator("#classify-answer")
    headline = answer.get_by_role("heading", name="Probably none of these classes")
    top = headline.bounding_box()
    bars = answer.locator("table.score-bars").bounding_box()
    assert top is not None
    assert bars is not None
    assert top["y"] < bars["y"]
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    label = answer.locator("table.score-bars th").first
    assert headline.evaluate(size) > label.evaluate(size)
    colour = "e => getComputedStyle(e).color"
    assert label.evaluate(colour) != headline.evaluate(colour)
    assert _contrast_on_white(label.evaluate(colour)) >= 4.5


def _contrast_on_white(colour: str) -> float:
    """WCAG 2.2's contrast of `rgb(r, g, b)` with white."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (light + 0.05)
