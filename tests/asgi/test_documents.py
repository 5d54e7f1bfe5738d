"""The documents of the REST API: what they say is what the API does."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo import tasks
from demo.asgi.api.shapes import answer_shape
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
        fields = {field.name for field in (*task.fields, *task.more_fields)}
        assert set(parameters) == {"model", "format", *fields}
        assert all(one["description"] for one in parameters.values())
        assert parameters["model"]["schema"]["enum"] == app.state.service.names(task.name)
        assert "image/*" in operation["requestBody"]["content"]
    others = {"compare", "explain", "augment", "models", "models/{name}", "health"}
    assert {f"/api/v1/{name}" for name in others} <= set(described["paths"])


def test_every_route_describes_its_options_its_answer_and_its_refusals(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    shapes = described["components"]["schemas"]
    assert {"type", "title", "status", "detail", "code"} <= set(shapes["Problem"]["properties"])
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert all(one["description"] for one in operation.get("parameters", ())), path
            responses = operation["responses"]
            assert responses["200"]["content"]["application/json"]["schema"], path
            refusals = {status: one for status, one in responses.items() if status != "200"}
            wanted = (
                {"401", "405", "406", "413", "415", "422", "503"} if method == "post" else {"405"}
            )
            assert wanted <= set(refusals), path
            for one in refusals.values():
                schema = one["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize(("task", "model"), [("detect", "yolo-vitrine"), ("classify", "photo-101")])
def test_answers_have_the_shape_that_is_described(
    client: TestClient, task: str, model: str
) -> None:
    picture = examples.paths()[0].read_bytes()
    answer = client.post(f"/api/v1/{task}?model={model}", content=picture).json()
    shape = answer_shape(tasks.find(task))
    shape.model_validate(answer, strict=True)
    assert set(shape.model_fields) <= set(answer)
    assert set(answer) - {"backend"} <= set(shape.model_fields)


def test_the_page_shows_a_program_and_what_a_refusal_is(client: TestClient) -> None:
    text = unescape(client.get("/api/docs").text)
    assert "urlopen(request)" in text
    assert '"code": "api_option"' in text
    for status in (401, 405, 406, 408, 413, 415, 422, 429, 503, 507):
        assert f"<td>{status}</td>" in text
    printed = re.findall(r'curl "([^"]+)"', text)
    assert len(printed) == 3
    assert all(client.get(address).status_code == 200 for address in printed)


def test_the_examples_of_the_page_run_as_they_are_printed(client: TestClient) -> None:
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "page.js" not in page.text
    printed = re.findall(r'curl --data-binary @photo\.jpg "([^"]+)"', unescape(page.text))
    assert len(printed) >= 5
    picture = examples.paths()[0].read_bytes()
    available = {row["name"]: row["available"] for row in client.get("/api/v1/models").json()}
    answered = 0
    for address in printed:
        parts = urlsplit(address)
        asked = parse_qs(parts.query).get("model", [])
        if not all(available[name] for name in asked):
            continue  # it names one that could be brought
        if parts.path.endswith("/explain"):
            address += "&check=false"
        answer = client.post(address, content=picture)
        assert answer.status_code == 200, (address, answer.text)
        answered += 1
    assert answered >= 3
    # Of the tasks without a model on this machine too, the example names one.
    assert all(re.search(r"[?&](models?|transform)=[^&]+", address) for address in printed)


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
