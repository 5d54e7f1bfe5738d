"""The documents of the REST API: what they say is what the API does."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo import tasks
from demo.service import examples
from demo.settings import Settings
from tests.support.asgi_client import built


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("cache")
    return built(Settings(cache_dir=folder, offline=True, device="cpu"))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def test_every_task_is_described_with_its_options_and_models(
    app: FastAPI, client: TestClient
) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    for task in (one for one in tasks.all_tasks() if one.takes_pictures):
        operation = described["paths"][f"/api/v1/{task.name}"]["post"]
        parameters = {one["name"]: one for one in operation["parameters"]}
        assert set(parameters) == {"model", "format", *(field.name for field in task.fields)}
        assert all(one["description"] for one in parameters.values())
        assert parameters["model"]["schema"]["enum"] == app.state.service.names(task.name)
        assert "image/*" in operation["requestBody"]["content"]
    assert {"/api/v1/compare", "/api/v1/explain"} <= set(described["paths"])


def test_the_examples_of_the_page_run_as_they_are_printed(client: TestClient) -> None:
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "page.js" not in page.text
    printed = re.findall(r'curl --data-binary @photo\.jpg "([^"]+)"', unescape(page.text))
    assert len(printed) >= 5
    picture = examples.paths()[0].read_bytes()
    answered = 0
    for address in printed:
        parts = urlsplit(address)
        if "" in parse_qs(parts.query, keep_blank_values=True).get("model", ["?"]):
            continue  # no model of the task is on this machine
        if parts.path.endswith("/explain"):
            address += "&check=false"
        answer = client.post(address, content=picture)
        assert answer.status_code == 200, (address, answer.text)
        answered += 1
    assert answered >= 3


def test_the_shown_answers_are_real(app: FastAPI, client: TestClient) -> None:
    model = app.state.service.engine.default("detect")
    text = unescape(client.get("/api/docs").text)
    assert f'"model": "{model}"' in text
    assert '"size_wh"' in text


def test_a_model_of_another_task_is_called_so(client: TestClient) -> None:
    picture = examples.paths()[0].read_bytes()
    answer = client.post("/api/v1/detect?model=cnn-cifar10", content=picture).json()
    assert answer["code"] == "model_of_other_task"
    assert "yolo-vitrine" in answer["detail"]
    answer = client.post("/api/v1/classify?model=cnn-cifar1", content=picture).json()
    assert answer["code"] == "unknown_model"
    assert "cnn-cifar10" in answer["detail"]
