"""The REST API of a real server: what it takes, what it refuses, and that nothing is left."""

import http.client
import json
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import httpx
import psutil
import pytest

from demo.asgi.rest_paths import API_PATH
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.service import examples
from tests.conftest import Server
from tests.hostile import wire

BUS = next(path for path in examples.paths() if path.name == "bus.jpg")
MB = 1_000_000
DETECT = f"{API_PATH}/detect?model=yolo-vitrine"
PROBLEM = {"type", "title", "status", "detail", "error", "code"}


class Rest(Server):
    """A server with small limits, and the folders of pictures that it has under way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(TMPDIR=str(folder), VITRINE_MAX_FILE_MB="2", VITRINE_UPLOADS_MB="30")
        self._temporary = folder
        self.wait()

    def pictures(self) -> list[Path]:
        (folder,) = self._temporary.glob("vitrine-*/uploads")
        return [path for path in folder.glob("*/picture") if path.parent.name != "api-example"]

    def post(self, address: str = DETECT, **named: object) -> httpx.Response:
        options = {"content": BUS.read_bytes()} | named
        return httpx.post(f"{self.url}{address}", timeout=60, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    running = Rest(tmp_path_factory.mktemp("tmp"))
    yield running
    assert "Traceback" not in running.stop()


@pytest.fixture(autouse=True)
def nothing_is_left(rest: Rest) -> Iterator[None]:
    """Whatever a test sends: the server goes on, and no picture stays."""
    yield
    end = time.monotonic() + 2
    while rest.pictures() and time.monotonic() < end:
        time.sleep(0.02)
    assert rest.pictures() == []
    assert rest.post().status_code == 200


def problem(status: int, headers: Mapping[str, str], body: bytes, code: str) -> str:
    """The sentence of a problem that is as it should be."""
    assert headers["content-type"] == "application/problem+json"
    facts = json.loads(body)
    assert set(facts) >= PROBLEM
    assert (facts["status"], facts["code"]) == (status, code)
    assert facts["title"]
    assert facts["detail"].endswith(".")
    return str(facts["detail"])


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    return problem(status, answer.headers, answer.content, code)


def test_the_line_of_curl_works_although_curl_calls_the_body_a_form(rest: Rest) -> None:
    command = ["curl", "--silent", "--show-error", "--data-binary", f"@{BUS}", rest.url + DETECT]
    facts = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert facts["size_wh"] == [810, 1080]
    assert len(facts["boxes"]) >= 3
    form = ["curl", "--silent", "--form", f"image=@{BUS}", rest.url + DETECT]
    again = json.loads(subprocess.run(form, capture_output=True, check=True).stdout)
    assert again["boxes"] == facts["boxes"]


@pytest.mark.parametrize("kind", [None, "image/jpeg", "text/plain", "application/octet-stream"])
def test_the_type_of_a_raw_body_does_not_matter(rest: Rest, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = wire.post(rest.port, DETECT, [BUS.read_bytes()], headers)
    assert answer.status == 200
    assert json.loads(answer.body)["boxes"]


def test_a_body_in_chunks_and_a_request_of_http_1_0_are_answered(rest: Rest) -> None:
    data = BUS.read_bytes()
    chunks = (data[at : at + 7_001] for at in range(0, len(data), 7_001))
    assert wire.post(rest.port, DETECT, chunks, {}).status == 200
    head = f"POST {DETECT} HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    answer = wire.send(rest.port, head, [data])
    assert answer.status == 200
    assert json.loads(answer.body)["boxes"]


def test_formats_have_short_names_and_may_be_chosen_by_accept(rest: Rest) -> None:
    facts = rest.post().json()
    for asked in ({"address": f"{DETECT}&format=jpeg"}, {"headers": {"accept": "image/*"}}):
        drawn = rest.post(**asked)
        assert drawn.headers["content-type"] == "image/jpeg"
        assert decode(drawn.content, Limits()).rgb.shape == (1080, 810, 3)
    for asked in ({"address": f"{DETECT}&format=csv"}, {"headers": {"accept": "text/csv"}}):
        table = rest.post(**asked)
        assert table.headers["content-type"].startswith("text/csv")
        assert len(table.text.splitlines()) == len(facts["boxes"]) + 1
    coco = rest.post(f"{DETECT}&format=coco").json()
    assert len(coco["annotations"]) == len(facts["boxes"])
    voc = ElementTree.fromstring(rest.post(f"{DETECT}&format=voc").content)
    assert len(voc.findall("object")) == len(facts["boxes"])
    with zipfile.ZipFile(BytesIO(rest.post(f"{DETECT}&format=yolo").content)) as archive:
        lines = archive.read("labels/picture.txt").splitlines()
    assert len(lines) == len(facts["boxes"])
    preferred = {"accept": "application/json;q=0.2, image/jpeg;q=0.9, */*;q=0.1"}
    assert rest.post(headers=preferred).headers["content-type"] == "image/jpeg"
    assert rest.post(f"{DETECT}&format=json", headers=preferred).json()["boxes"] == facts["boxes"]


def test_an_accept_that_cannot_be_met_names_what_there_is(rest: Rest) -> None:
    told = refused(rest.post(headers={"accept": "image/png, video/*"}), 406, "api_accept")
    assert "image/jpeg" in told
    assert "text/csv" in told
    answer = httpx.get(f"{rest.url}{API_PATH}/models", headers={"accept": "text/html"})
    refused(answer, 406, "api_accept")


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (f"{DETECT}&confidnce=0.4", "confidence"),
        (f"{API_PATH}/compare?models=a,b&model=a", "models"),
        (f"{API_PATH}/explain?model=photo-101&targt=dog", "target"),
    ],
)
def test_an_unknown_option_names_the_known_ones(rest: Rest, path: str, word: str) -> None:
    assert word in refused(rest.post(path), 422, "api_option")


@pytest.mark.parametrize(
    ("named", "status", "code"),
    [
        ({"content": b""}, 422, "image_empty"),
        ({"content": b"no picture"}, 415, "image_unknown"),
        ({"content": None, "json": {"image": "x"}}, 415, "api_json_body"),
        ({"content": None, "files": {"photo": ("a.jpg", b"x")}}, 422, "api_form_field"),
        (
            {"content": None, "data": {"model": "x"}, "files": {"image": ("a.jpg", b"x")}},
            422,
            "api_form_field",
        ),
        (
            {"content": None, "files": [("image", ("a.jpg", b"x")), ("image", ("b.jpg", b"x"))]},
            422,
            "api_form_field",
        ),
        ({"headers": {"content-type": "multipart/form-data"}}, 422, "api_no_image"),
        ({"headers": {"content-type": "multipart/form-data; boundary=B"}}, 422, "api_no_image"),
        (
            {
                "content": b'--B\r\nContent-Disposition: form-data; name="image"\r\n\r\nhalf',
                "headers": {"content-type": "multipart/form-data; boundary=B"},
            },
            422,
            "api_no_image",
        ),
    ],
)
def test_a_wrong_body_is_one_sentence(
    rest: Rest, named: dict[str, object], status: int, code: str
) -> None:
    refused(rest.post(DETECT, **named), status, code)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_another_method_is_told_which_one_the_address_takes(rest: Rest, method: str) -> None:
    answer = httpx.request(method, f"{rest.url}{DETECT}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    if method == "HEAD":
        assert answer.content == b""
    else:
        assert method in refused(answer, 405, "api_method")
    listed = httpx.post(f"{rest.url}{API_PATH}/models")
    refused(listed, 405, "api_method")
    assert listed.headers["allow"] == "GET, HEAD"


def test_an_unknown_address_is_a_problem(rest: Rest) -> None:
    for method in ("GET", "POST"):
        refused(httpx.request(method, f"{rest.url}{API_PATH}/nothing"), 404, "api_route")


@pytest.mark.parametrize("length", [{"content-length": "5000000000"}, {}], ids=["told", "chunks"])
@pytest.mark.parametrize("form", [False, True], ids=["raw", "form"])
def test_gigabytes_end_at_the_limit(rest: Rest, length: dict[str, str], *, form: bool) -> None:
    process = psutil.Process(rest.process.pid)
    before = process.memory_info().rss
    begin = b'--B\r\nContent-Disposition: form-data; name="image"\r\n\r\n' if form else b"\xff\xd8"
    headers = {"content-type": "multipart/form-data; boundary=B"} if form else {}
    sent = 0

    def parts() -> Iterator[bytes]:
        nonlocal sent
        yield begin
        for _ in range(5_000):
            sent += MB
            yield b"x" * MB

    answer = wire.post(rest.port, DETECT, parts(), headers | length)
    told = problem(413, answer.headers, answer.body, "body_too_big")
    assert (answer.status, "2 MB" in told) == (413, True)
    assert sent < 40 * MB
    assert process.memory_info().rss - before < 30 * MB


def test_a_slow_sender_is_ended_at_the_deadline(rest: Rest) -> None:
    with wire.connect(rest.port, timeout=30) as peer:
        peer.sendall(wire.head("POST", DETECT, rest.port, {"content-length": "100000"}))
        peer.sendall(b"\xff\xd8\xff")
        response = http.client.HTTPResponse(peer)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        assert response.status == 408
        problem(408, headers, response.read(), "body_too_slow")


def test_a_client_that_leaves_within_its_body_leaves_nothing(rest: Rest) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", rest.port)) as peer:
            head = wire.head("POST", DETECT, rest.port, {"content-length": "900000"})
            peer.sendall(head + b"x" * 600_000)
    health = httpx.get(f"{rest.url}{API_PATH}/health").json()
    end = time.monotonic() + 5
    while health["waiting"] and time.monotonic() < end:
        time.sleep(0.05)
        health = httpx.get(f"{rest.url}{API_PATH}/health").json()
    assert (health["status"], health["waiting"], health["running"]) == ("ok", 0, 0)


def test_models_and_health_say_what_is_here(rest: Rest) -> None:
    models = {one["name"]: one for one in httpx.get(f"{rest.url}{API_PATH}/models").json()}
    assert len(models) > 80
    assert models["yolo-vitrine"]["origin"] == "embedded"
    assert models["efficientnet_lite0"]["origin"] == "package"
    assert (models["yolo11n"]["origin"], models["yolo11n"]["available"]) == ("official", False)
    one = httpx.get(f"{rest.url}{API_PATH}/models/cnn-cifar10").json()
    assert models["cnn-cifar10"].items() <= one.items()
    assert one["labels"][0] == "airplane"
    assert httpx.head(f"{rest.url}{API_PATH}/health").status_code == 200
    unknown = httpx.get(f"{rest.url}{API_PATH}/models/cnn-cifar11")
    assert "cnn-cifar10" in refused(unknown, 404, "unknown_model")
