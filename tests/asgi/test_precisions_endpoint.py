"""`/compare` of the Gradio API with precisions, over plain HTTP."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from benchmarks.client import Client
from demo.service import examples
from tests.conftest import Server

MODEL = "cnn-cifar10"
BUS = examples.paths()[0].read_bytes()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def packed(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, BUS)
    return file.getvalue()


@pytest.mark.timeout(600)
def test_a_picture_and_a_set_answer_the_shape_of_the_contract(client: Client) -> None:
    picture, wanted = client.upload(BUS), ["float32", "int8"]
    _, facts = client.call("compare", picture, [MODEL], None, None, wanted, None)
    assert set(facts) == {
        *("task", "model", "pictures", "reference", "precisions", "left_out", "notes")
    }
    assert (facts["model"], facts["pictures"]) == (MODEL, 1)
    fine, coarse = facts["precisions"]
    assert set(fine) == {
        *("precision", "backend", "size_bytes", "latency_ms", "compared", "changed")
    }
    assert f"demo.inference.quantize {MODEL}" in coarse["error"]
    files = [client.upload(packed("ship/1.jpg", "truck/2.jpg"), "set.zip"), picture]
    _, facts = client.call("compare", None, [MODEL], None, None, wanted, files)
    assert facts["pictures"] == 3
    assert facts["precisions"][0]["score"]["pictures"] == 2
    assert facts["left_out"] == []


@pytest.mark.parametrize(
    ("models", "precisions", "with_set", "word"),
    [
        ([MODEL, "photo-101"], ["float32"], True, "exactly one model"),
        ([MODEL], ["float33"], True, "float33"),
        ([MODEL], ["float32"], False, "picture"),
        ([MODEL, "photo-101"], [], True, "set for precisions"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    client: Client, models: list[str], precisions: list[str], with_set: bool, word: str
) -> None:
    files = [client.upload(packed("1.jpg"), "set.zip")] if with_set else None
    with pytest.raises(RuntimeError, match=word):
        client.call("compare", None, models, None, None, precisions, files)


@pytest.mark.parametrize("value", [7, "x", {"path": "/etc/passwd"}, [{"path": "/etc/passwd"}]])
def test_what_is_no_upload_is_refused(client: Client, value: object) -> None:
    with pytest.raises(RuntimeError, match="upload"):
        client.call("compare", None, [MODEL], None, None, ["float32"], value)
