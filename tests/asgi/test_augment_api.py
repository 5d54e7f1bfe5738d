"""`POST /api/v1/augment`: the previews of the page, refusals as problems, nothing kept."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.asgi.api.augment import AugmentationAnswer
from demo.augment.pipeline import Pipeline, preview, replay
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.service import examples
from demo.settings import Settings
from tests.support.asgi_client import built

BUS = examples.paths()[0].read_bytes()
AUGMENT = "/api/v1/augment"
TURNED: dict[str, Any] = {
    "transform": ["rotation", "colour_jitter"],
    "rotation.degrees": 20,
    "seed": 7,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("cache")
    return built(Settings(cache_dir=folder, offline=True, device="cpu", threads=1))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def post(client: TestClient, **params: Any) -> Any:
    return client.post(AUGMENT, params=params, content=BUS)


def refusal(answer: Any) -> tuple[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == 422
    return answer.json()["code"], answer.json()["detail"]


def test_the_answer_states_what_was_drawn_and_gives_the_pictures(client: TestClient) -> None:
    answer = post(client, count=3, **TURNED)
    assert answer.status_code == 200
    facts = answer.json()
    assert AugmentationAnswer.model_validate(facts, strict=True)
    assert set(facts) == set(AugmentationAnswer.model_fields)
    assert [step["name"] for step in facts["pipeline"]] == ["rotation", "colour_jitter"]
    assert facts["pipeline"][0]["params"] == {"degrees": 20.0}
    assert (facts["seed"], len(facts["drawn"])) == (7, 3)
    bus = decode(BUS, Limits()).rgb
    first = decode(post(client, format="png", **TURNED).content, Limits()).rgb
    np.testing.assert_array_equal(first, replay(bus, facts["drawn"][0]))


def test_the_pipeline_of_an_answer_gives_it_again(client: TestClient) -> None:
    facts = post(client, **TURNED).json()
    again = post(client, pipeline=json.dumps(facts["pipeline"]), seed=7)
    assert again.json() == facts


def test_switches_choices_and_whole_numbers_are_read(client: TestClient) -> None:
    """Every parameter of every transform may be stated at its default."""
    described = client.get("/api/openapi.json").json()["paths"][AUGMENT]["post"]["parameters"]
    own = {one["name"]: one["schema"]["default"] for one in described if "." in one["name"]}
    transforms = list(dict.fromkeys(name.partition(".")[0] for name in own))
    assert {type(value) for value in own.values()} >= {float, int}
    stated = {name: str(value).lower() for name, value in own.items()}
    with_all = post(client, transform=transforms, **stated)
    assert with_all.status_code == 200, with_all.text
    assert with_all.json() == post(client, transform=transforms).json()


def test_the_zip_holds_all_pictures_and_accept_chooses(client: TestClient) -> None:
    packed = post(client, format="zip", count=2, **TURNED)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        assert files.namelist() == [
            "preview_1.png",
            "preview_2.png",
            "previews.json",
            "previews.py",
        ]
        second = decode(files.read("preview_2.png"), Limits()).rgb
    pipeline = Pipeline.parse(post(client, **TURNED).json()["pipeline"])
    expected = preview(decode(BUS, Limits()).rgb, pipeline, 2, 7)[1].image
    np.testing.assert_array_equal(second, expected)
    jpeg = client.post(AUGMENT, params=TURNED, content=BUS, headers={"accept": "image/jpeg"})
    assert jpeg.headers["content-type"] == "image/jpeg"
    assert decode(jpeg.content, Limits()).rgb.shape == second.shape


@pytest.mark.parametrize(
    ("params", "code", "word"),
    [
        ({"transform": "rotatoin"}, "augment_unknown_transform", "rotation"),
        ({"transform": "rotation", "rotation.degrees": 200}, "out_of_range", "180"),
        ({"transform": "rotation", "rotation.degrees": "far"}, "not_a_number", "far"),
        ({"rotation.degrees": 20}, "api_augment_unused", "transform=rotation"),
        ({"transform": "rotation", "pipeline": "[]"}, "api_augment_twice", "either"),
        ({"pipeline": "["}, "augment_not_json", "["),
        ({"transform": "rotation", "count": 17}, "out_of_range", "16"),
        ({"transform": "rotation", "seed": -1}, "augment_bad_seed", "-1"),
        ({"transform": "rotation", "format": "bmp"}, "api_format", "zip"),
        ({"transfrom": "rotation"}, "api_option", "transform"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    client: TestClient, params: dict[str, Any], code: str, word: str
) -> None:
    found, sentence = refusal(post(client, **params))
    assert found == code
    assert word in sentence


def test_nothing_is_kept(client: TestClient, app: FastAPI) -> None:
    before = set(app.state.uploads.folder.iterdir()), app.state.service.cache.size_bytes
    assert post(client, **TURNED).status_code == 200
    after = set(app.state.uploads.folder.iterdir()), app.state.service.cache.size_bytes
    assert after == before
