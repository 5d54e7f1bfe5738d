"""Inside a network on the page: layers, cells and their arithmetic."""

import re

from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit


def opened(page: Page) -> None:
    open_tab(page, "inside")
    put(page, "inside")
    expect(page.locator("#inside-cell h2")).to_contain_text("convolution", timeout=SLOW)


def choose_layer(page: Page, words: str) -> None:
    page.locator("#inside-layer input").click()
    page.get_by_role("option").filter(has_text=re.compile(words)).first.click()


def shown(text: str) -> list[float]:
    return [float(one.replace("−", "-")) for one in re.findall(r"[−\d][\d.]*(?:e[−+]?\d+)?", text)]


def test_a_click_on_a_cell_shows_its_arithmetic(visit: Visit) -> None:
    page = visit()
    opened(page)
    heading = page.locator("#inside-cell h2")
    expect(heading).to_contain_text("y[0, 16, 16]")
    maps = page.locator("#inside-maps img")
    box = maps.bounding_box()
    assert box is not None
    maps.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(heading).not_to_contain_text("y[0, 16, 16]")
    together, bias, value = shown(page.locator("#inside-cell .result").inner_text())
    assert abs(together + bias - value) < 2e-3 * max(1, abs(together), abs(bias))
    # What is shown adds up: kernel times window, product by product.
    squares = page.locator("#inside-cell .squares td").all_inner_texts()
    window, kernel, products = (
        [shown(text)[0] for text in squares[start : start + 9]] for start in (0, 9, 18)
    )
    for x, w, product in zip(window, kernel, products, strict=True):
        assert abs(x * w - product) < 1e-3 * max(1, abs(product))


def test_layers_cells_and_models_are_chosen_with_the_keyboard(visit: Visit) -> None:
    page = visit(width=390)
    opened(page)
    choose_layer(page, "4 · convolution · 64")
    heading = page.locator("#inside-cell h2")
    expect(heading).to_contain_text("y[0, 15, 15]")  # 16 is beyond the 16 × 16 cells
    row = page.locator("#inside-row input")
    row.focus()
    row.press("ArrowDown")
    expect(heading).to_contain_text("y[0, 14, 15]")
    choose_layer(page, "max pooling")
    expect(page.locator("#inside-cell .winner").first).to_be_visible()
    choose_layer(page, "dense layer · 10")
    expect(page.locator("#inside-cell .layer-table tbody tr")).to_have_count(11)
    expect(page.locator("#inside-answer tbody tr")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_another_network_keeps_the_picture(visit: Visit) -> None:
    page = visit("zh-CN", scheme="dark")
    open_tab(page, "inside")
    put(page, "inside")
    expect(page.locator("#inside-cell h2")).to_contain_text("卷积", timeout=SLOW)
    page.locator("#inside-model input").click()
    page.get_by_role("option").filter(has_text="photo-101").click()
    expect(page.locator("#inside-answer .layer-note")).to_contain_text("100", timeout=SLOW)
    choose_layer(page, "与镜像图片取平均")
    formula = page.locator("#inside-cell .formula").first
    expect(formula).to_have_text("y = (x + x′) / 2", timeout=SLOW)
