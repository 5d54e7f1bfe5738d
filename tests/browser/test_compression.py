"""What compression costs, in a real Chromium: a ZIP goes in, the table and its reasons come out."""

import io
import zipfile

import cv2
import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.acts import BUS, SLOW, open_tab
from tests.browser.conftest import Visit


def pictures() -> FilePayload:
    """The bus twice in folders of two classes, small."""
    bus = cv2.imread(str(BUS))
    assert bus is not None
    photo = cv2.imencode(".jpg", cv2.resize(bus, (96, 128)))[1].tobytes()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("truck/1.jpg", photo)
        archive.writestr("ship/2.jpg", photo)
    return FilePayload(name="set.zip", mimeType="application/zip", buffer=file.getvalue())


@pytest.mark.timeout(600)
def test_a_set_is_compared_in_each_precision(visit: Visit) -> None:
    page = visit(width=390)
    open_tab(page, "compare")
    section = page.locator("#compare-compression")
    section.get_by_text("What does compression cost?").click()
    model = section.locator("#compression-model input")
    expect(model).not_to_have_value("")
    page.set_input_files("#compression-files input[type=file]", pictures())
    model.click()
    model.fill("cnn-cifar10")
    page.get_by_role("option").filter(has_text="cnn-cifar10 ·").first.click()
    rows = section.locator("table.compare-numbers tbody tr")
    expect(rows).to_have_count(3, timeout=4 * SLOW)
    status = section.locator("#compression-status")
    expect(status).to_contain_text("precisions compared; pictures: 2.", timeout=4 * SLOW)
    expect(rows.nth(0)).to_contain_text("openvino-f32")
    expect(rows.nth(0)).to_contain_text("reference")
    expect(rows.nth(0)).to_contain_text("accuracy")
    expect(section).to_contain_text("python -m demo.inference.quantize cnn-cifar10")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
