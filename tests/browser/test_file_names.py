"""In a real browser: what is saved carries the name of what was put in."""

import io
import json
import zipfile

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.acts import SLOW, bus, open_tab, saved
from tests.browser.conftest import Visit


@pytest.mark.parametrize(
    ("stem", "voc"),
    [
        ("IMG 0001", "IMG 0001.xml"),
        ("photo (1)", "photo (1).xml"),
        ("a&b #1 100%", "a&b #1 100%.xml"),
        ("街景 1", "街景 1.xml"),
        ("😀", "😀.xml"),
        ("x" * 70, "x" * 70 + ".xml"),
        ("a.b.c", "a.b.c.xml"),
        ("a:b", "a_b.voc.zip"),
        (".hidden", "hidden.voc.zip"),
    ],
)
def test_the_saved_label_files_have_the_stem_of_the_picture(
    visit: Visit, stem: str, voc: str
) -> None:
    page = visit()
    open_tab(page, "detect")
    picture = FilePayload(name=f"{stem}.jpg", mimeType="image/jpeg", buffer=bus()["buffer"])
    page.set_input_files("#detect-picture input[type=file]", picture)
    expect(page.locator("#detect-downloads")).to_contain_text("YOLO", timeout=SLOW)
    for title, member in (("YOLO", f"labels/{stem}.txt"), ("VOC", f"Annotations/{stem}.xml")):
        name, data = saved(page, "#detect-downloads", title)
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert member in archive.namelist()
        else:
            assert name == f"{stem}.xml"
    assert name == voc
    _, data = saved(page, "#detect-downloads", "COCO")
    assert json.loads(data)["images"][0]["file_name"] == f"{stem}.jpg"
