"""Compare in a real Chromium: answers of two detectors, a row shows its box, Stop stops."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, bus, open_tab, put
from tests.browser.conftest import Visit
from tests.conftest import Server


@pytest.fixture(scope="module")
def server(shared_data: Path) -> Iterator[Server]:
    """A server of its own on one core, so that passes are not slowed down by each other."""
    running = Server(VITRINE_WEIGHTS=str(shared_data / "weights"), VITRINE_THREADS="1").wait()
    yield running
    printed = running.stop()
    assert "Traceback" not in printed, printed


def choose_models(page: Page, task: str, *models: str) -> None:
    """Put these models in the place of those in the picker, in this order."""
    box = f"#compare-{task}-models"
    tokens = page.locator(f"{box} .token")
    expect(tokens.first).to_be_visible()
    for left in reversed(range(tokens.count())):
        tokens.first.locator(".token-remove").click()
        expect(tokens).to_have_count(left)
    field = page.locator(f"{box} input")
    for model in models:
        option = page.get_by_role("option").filter(has_text=re.compile(rf"^\W*{model} ·")).first
        field.click()
        for _ in range(20):
            # Opening the list brings it up to date, which takes what was typed before that.
            field.fill(model)
            page.wait_for_timeout(700)
            if option.is_visible():
                break
        option.click()
        expect(page.locator(f"{box} .token").last).to_contain_text(model)


def test_two_detectors_side_by_side_and_a_click_shows_the_box(visit: Visit) -> None:
    page = visit()
    open_tab(page, "compare")
    page.locator("#compare-task").get_by_text("Detect").click()
    choose_models(page, "detect", "yolo11n", "yolo-vitrine")
    put(page, "compare")
    rows = page.locator("table.compare-boxes tbody tr")
    expect(rows.first).to_be_visible(timeout=SLOW)
    legend = page.locator(".compare-picture .chips")
    expect(legend).to_contain_text("only yolo11n")
    counts = [int(text) for text in legend.locator("b").all_inner_texts()]
    assert sum(counts) == rows.count()
    assert counts[0] >= 2  # persons that both have found
    notes = page.locator("#compare-difference .note")
    expect(notes).to_contain_text("yolo11n has 80, yolo-vitrine has 27")
    box = page.locator(".compare-view path").first
    expect(box).to_be_hidden()
    rows.nth(1).locator("button").press("Enter")
    expect(box).to_be_visible()
    assert box.get_attribute("d") == rows.nth(1).get_attribute("data-outline")
    numbers = page.locator("table.compare-numbers tbody tr")
    expect(page.locator("#compare-status")).to_contain_text("2 of 2 models", timeout=SLOW)
    expect(numbers.nth(0)).to_contain_text("2.62 M")
    expect(numbers.nth(0)).to_contain_text("6.54")
    expect(numbers.nth(0).locator("td").nth(2)).to_contain_text(re.compile(r"\d+\.\d.*–"))
    expect(box).to_be_visible()  # measuring has not taken it away
    expect(page.locator("#compare-numbers .note")).to_contain_text("No chart")


def test_only_scores_of_one_data_set_stand_beside_each_other(visit: Visit) -> None:
    page = visit(locale="zh-CN", width=390)
    open_tab(page, "compare")
    choose_models(page, "classify", "cnn-cifar10", "mobilenet_v2", "cnn3-cifar10")
    put(page, "compare")
    expect(page.locator(".compare-card.answered")).to_have_count(3, timeout=SLOW)
    plot = page.locator("figure.scatter-plot")
    expect(plot.locator("circle")).to_have_count(2, timeout=SLOW)
    expect(plot).to_contain_text("CIFAR-10 top-1")
    expect(plot).to_contain_text("cnn3-cifar10")
    expect(plot.locator("p")).to_contain_text("mobilenet_v2")
    heads = page.locator("table.compare-numbers thead th").all_inner_texts()
    assert heads[-2:] == ["CIFAR-10 top-1", "ImageNet top-1"]
    cells = page.locator("table.compare-numbers tbody tr").nth(1).locator("td").all_inner_texts()
    assert cells[-2] == "–"
    assert cells[-1].startswith("72.2 %")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.timeout(400)
def test_each_model_has_its_map_with_a_check(visit: Visit) -> None:
    page = visit()
    open_tab(page, "compare")
    choose_models(page, "classify", "cnn-cifar10", "cnn3-cifar10")
    put(page, "compare")
    expect(page.locator("table.compare-numbers")).to_be_visible(timeout=SLOW)
    page.locator("#compare-why button").first.click()
    figures = page.locator("#compare-why-maps .why-maps > figure")
    expect(figures).to_have_count(2, timeout=3 * SLOW)
    for place, model in enumerate(("cnn-cifar10", "cnn3-cifar10")):
        figure = figures.nth(place)
        expect(figure.locator("figcaption b").first).to_have_text(model)
        expect(figure.locator(".why-heat")).to_be_visible()
        expect(figure.locator("svg")).to_have_count(2, timeout=3 * SLOW)


def test_a_new_choice_drops_the_old_one_and_stop_stops(visit: Visit) -> None:
    page = visit()
    open_tab(page, "compare")
    put(page, "compare", bus())
    page.locator("#compare-presets").get_by_text("All that are here").click()
    expect(page.locator(".compare-card")).to_have_count(7, timeout=SLOW)
    page.locator("#compare-stop").click()
    status = page.locator("#compare-status")
    expect(status).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    expect(status).to_contain_text("Stopped")
    choose_models(page, "classify", "cnn-cifar10", "cnn3-cifar10")
    expect(status).to_contain_text("2 of 2 models", timeout=SLOW)
    expect(page.locator(".compare-card")).to_have_count(2)


def test_the_examples_are_those_of_the_chosen_task(visit: Visit) -> None:
    page = visit()
    open_tab(page, "compare")
    shown = page.locator("#compare-examples img:visible")
    expect(shown.first).to_have_attribute("src", re.compile("lion"), timeout=SLOW)
    page.locator("#compare-task").get_by_label("Detect").check()
    expect(shown.first).to_have_attribute("src", re.compile("bus"), timeout=SLOW)
