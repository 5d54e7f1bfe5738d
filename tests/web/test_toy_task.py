"""A new task is one file in `tasks`, one in `views/answers`, and a model that has it."""

from collections.abc import Iterator

import httpx
import pytest

from benchmarks.client import Client
from demo.service import examples
from tests.conftest import Server
from tests.web.toys.page import event, toy_page

PICTURE = examples.paths()[0].read_bytes()


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with toy_page(tmp_path_factory.mktemp("toys"), "tasks", "models", "views") as server:
        yield server


def test_its_endpoint_is_listed_with_its_fields(toy: Server) -> None:
    endpoints = httpx.get(f"{toy.url}/gradio_api/info").json()["named_endpoints"]
    assert list(endpoints)[:3] == ["/classify", "/brightness", "/detect"]
    endpoint = endpoints["/brightness"]
    assert endpoint["description"] == "Measure how bright a picture is."
    assert [
        (p["parameter_name"], p["parameter_has_default"], p["parameter_default"])
        for p in endpoint["parameters"]
    ] == [("image", False, None), ("model", True, "light-meter"), ("digits", True, 3)]


def test_its_endpoint_answers(toy: Server) -> None:
    with Client(toy.url) as visitor:
        [facts] = visitor.call("brightness", visitor.upload(PICTURE), "light-meter", 4)
        assert 0 < facts["brightness"] < 1
        assert facts["brightness"] == round(facts["brightness"], 4)
        assert facts["model"] == "light-meter"
        assert set(facts["timing_ms"]) == {
            "decode",
            "preprocess",
            "forward",
            "postprocess",
            "draw",
        }
        with pytest.raises(RuntimeError, match="digits"):
            visitor.call("brightness", visitor.upload(PICTURE), "light-meter", 7)
        with pytest.raises(RuntimeError, match="no picture"):
            visitor.call("brightness", None, "light-meter", 4)


def test_the_models_tab_lists_its_model(toy: Server) -> None:
    with Client(toy.url) as visitor:
        [html] = visitor.call(event(toy.url, "models-list"), "brightness")
    assert "light-meter" in html
    assert "<caption>Brightness" in html
    assert "mobilenet" not in html
