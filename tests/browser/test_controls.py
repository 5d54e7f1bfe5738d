"""The controls of an answer: size, lines, classes, confidence, keyboard, files."""

import csv
import io
import json

import pytest
from playwright.sync_api import Page, expect

from benchmarks.client import Client
from tests.browser.acts import BUS, SLOW, bus, detected, put, rows, saved
from tests.browser.conftest import Visit
from tests.conftest import Server

CONFIDENCE = "#detect-confidence input[type=range]"
LEGEND = "#detect-status .legend"
RING = """
() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" || style.boxShadow !== "none";
}
"""


def table(page: Page) -> list[str]:
    return rows(page).all_inner_texts()


def test_line_width_redraws_and_input_size_runs_the_network_again(visit: Visit) -> None:
    page = visit()
    detected(page)
    first = table(page)
    picture = page.locator("#detect-answer img").first
    before = picture.get_attribute("src")
    page.locator("#detect-more button").first.click()
    page.locator("#detect-width input[type=range]").fill("12")
    expect(page.locator(LEGEND)).to_contain_text("answer kept")
    expect(picture).not_to_have_attribute("src", before or "")
    assert table(page) == first
    page.locator("#detect-size input").click()
    page.get_by_role("option", name="320", exact=True).click()
    expect(page.locator(LEGEND)).not_to_contain_text("answer kept", timeout=SLOW)
    expect(page.locator(LEGEND)).to_contain_text("network")
    assert table(page)
    assert table(page) != first


def test_the_class_filter_shows_only_that_class(visit: Visit) -> None:
    page = visit()
    detected(page)
    page.locator("#detect-classes input").click()
    page.get_by_role("option", name="bus", exact=True).click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator("td:nth-child(2)")).to_have_text("bus")
    expect(page.locator("#detect-status .chips")).to_have_text("bus 1")
    expect(page.locator(LEGEND)).to_contain_text("answer kept")
    _, data = saved(page, "#detect-downloads", "JSON")
    assert [box["label"] for box in json.loads(data)["boxes"]] == ["bus"]


def test_the_scores_can_be_saved_as_csv(visit: Visit) -> None:
    page = visit()
    put(page, "classify")
    shown = page.locator("#classify-answer table.score-bars tbody tr")
    expect(shown).to_have_count(5, timeout=SLOW)
    name, data = saved(page, "#classify-downloads", "CSV")
    assert name.endswith(".csv")
    read = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(read) == 1000
    assert sum(float(row["score"]) for row in read) == pytest.approx(1, abs=1e-3)
    read = read[:5]
    assert [row["label"] for row in read] == shown.locator("th").all_inner_texts()
    bars = shown.locator("td.num").all_inner_texts()
    assert [f"{100 * float(row['score']):.1f} %" for row in read] == bars


def test_the_last_of_many_slider_positions_wins(visit: Visit, server: Server) -> None:
    page = visit()
    detected(page)
    with Client(server.url) as client:
        image = client.upload(BUS.read_bytes())
        model = page.locator("#detect-model input").input_value().split(" · ")[0]
        counts = {}
        for value in (0.05, 0.87):
            _, facts = client.call("detect", image, model, value, 0.7, [])
            counts[value] = len(facts["boxes"])
    assert counts[0.05] > 5 > counts[0.87]
    slider = page.locator(CONFIDENCE)
    # Each turn passes many values faster than they are answered, and ends far from the others.
    for last, key in ((0.87, "ArrowRight"), (0.05, "ArrowLeft")):
        slider.focus()
        for _ in range(round(abs(last - float(slider.input_value())) * 100)):
            page.keyboard.press(key)
        assert float(slider.input_value()) == last
        expect(rows(page)).to_have_count(counts[last], timeout=SLOW)
        page.wait_for_timeout(400)
        shares = [
            float(t.rstrip(" %")) for t in rows(page).locator("td:nth-child(3)").all_inner_texts()
        ]
        assert len(shares) == counts[last]
        assert min(shares, default=100.0) >= 100 * last


def tab_to(page: Page, selector: str, most: int = 30) -> None:
    """Press Tab until `selector` has the focus, which must be visible."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            assert page.evaluate(RING), f"nothing shows that {selector} has the focus"
            return
    raise AssertionError(f"{selector} was not reached with {most} Tabs")


def test_the_main_task_needs_only_the_keyboard(visit: Visit) -> None:
    page = visit()
    # Around all of it, because the browser takes a moment to hand its dialog over to the test.
    with page.expect_file_chooser() as chooser:
        tab_to(page, "#tabs button[role=tab]:nth-child(2)")
        page.keyboard.press("Enter")
        expect(page.locator("#detect-picture")).to_be_visible()
        tab_to(page, "#detect-picture [aria-dropeffect=copy]")
        page.keyboard.press("Enter")
    chooser.value.set_files(bus())
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    tab_to(page, CONFIDENCE)
    before = float(page.locator(CONFIDENCE).input_value())
    page.keyboard.press("ArrowRight")
    assert round(float(page.locator(CONFIDENCE).input_value()) - before, 4) == 0.01
    expect(page.locator(LEGEND)).to_contain_text("answer kept")
    page.wait_for_timeout(400)  # this is about the keys, not about keys in a hurry
    page.keyboard.press("End")
    expect(page.locator("#detect-status")).to_contain_text("Nothing found")


def test_both_pictures_of_detect_are_above_the_fold(visit: Visit) -> None:
    page = visit(width=1440)
    detected(page)
    ends = {}
    for selector in ("#detect-picture img", "#detect-answer img", "#detect-status", CONFIDENCE):
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["width"] > 80, selector
        ends[selector] = box["y"] + box["height"]
    assert max(ends.values()) < 900, ends
    left, right = (
        page.locator(selector).first.bounding_box()
        for selector in ("#detect-picture", "#detect-answer")
    )
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
