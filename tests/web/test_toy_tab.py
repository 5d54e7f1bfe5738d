"""A new tab is one file in `tabs`; here it shows the answers of a new task."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.client import Client
from demo.service import examples
from tests.browser.acts import TABS
from tests.conftest import Server
from tests.web.toys.page import event, page_text, toy_page


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("toys")
    with toy_page(folder, "tasks", "models", "views", "tabs") as server:
        yield server


def test_it_stands_among_the_others(toy: Server) -> None:
    tabs = re.findall(r'"elem_id": "tab-(\w+)"', page_text(toy.url))
    assert sorted(tabs) == sorted([*TABS, "brightness"])
    assert "light-meter" in page_text(toy.url)


def test_it_answers_with_files(toy: Server) -> None:
    with Client(toy.url) as visitor:
        picture = visitor.upload(examples.paths()[0].read_bytes())
        status, links = visitor.call(event(toy.url, "brightness-status"), picture, "light-meter")
    assert re.search(r"&lt;Brightness&gt; 0\.\d\d</div>", status)
    assert "light-meter · CPU" in status
    assert re.search(
        r'href="data:application/json;base64,[\w+/=]+" download="brightness.json"', links
    )


def test_it_clears_without_a_picture(toy: Server) -> None:
    with Client(toy.url) as visitor:
        status, links = visitor.call(event(toy.url, "brightness-status"), None, "light-meter")
    assert "appears here" in status
    assert links == ""


def test_what_is_wrong_is_one_sentence(toy: Server, tmp_path: Path) -> None:
    with Client(toy.url) as visitor:
        broken = visitor.upload(b"no picture", "x.jpg")
        status, links = visitor.call(event(toy.url, "brightness-status"), broken, "light-meter")
    assert 'class="note warn"' in status
    assert links == ""
