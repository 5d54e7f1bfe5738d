"""The files of a detector's answer carry the name of the upload, from page to download."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from benchmarks.client import Client
from demo.service import examples
from tests.conftest import Server
from tests.web.toys.page import event

BUS = examples.paths()[0].read_bytes()
CONTROLS: tuple[Any, ...] = ("yolo-vitrine", 0.25, 0.7, [], 0, 0)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


class Links(HTMLParser):
    """Links of a page as title → address and file name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self._open: dict[str, str | None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = dict(attrs) if tag == "a" else None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.found[data.strip()] = self._open
            self._open = None

    def content(self, title: str) -> bytes:
        return base64.b64decode(str(self.found[title]["href"]).partition(",")[2])


def downloads(client: Client, picture: dict[str, Any]) -> Links:
    *_, html = client.call(event(client.url, "detect-downloads"), picture, *CONTROLS)
    return Links(html)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("IMG 0001.jpg", "IMG 0001"),
        ("photo (1).jpg", "photo (1)"),
        ("街景 1 a&b 100%.jpeg", "街景 1 a&b 100%"),
        ("😀.jpg", "😀"),
        ("x" * 250 + ".jpg", "x" * 250),
        ('$HOME `"{x}"!.jpg', '$HOME `"{x}"!'),
        ("con.jpg", "con"),
        (".hidden.jpg", ".hidden"),
        ("../../a b.jpg", "a b"),
        ("C:\\photos\\a b.jpg", "a b"),
    ],
)
def test_label_files_have_the_stem_of_the_upload(client: Client, name: str, stem: str) -> None:
    picture = client.upload(BUS, "photo.jpg") | {"orig_name": name}
    links = downloads(client, picture)
    with zipfile.ZipFile(io.BytesIO(links.content("YOLO"))) as archive:
        assert archive.namelist() == ["data.yaml", f"labels/{stem}.txt"]
    [image] = json.loads(links.content("COCO"))["images"]
    assert image["file_name"].rpartition(".")[0] == stem
    voc = links.content("VOC")
    if links.found["VOC"]["download"] != f"{stem}.xml":
        with zipfile.ZipFile(io.BytesIO(voc)) as archive:
            assert archive.namelist() == [f"Annotations/{stem}.xml"]
    assert repr(image["file_name"]) in links.content("Python · HTTP").decode()


def test_a_client_that_states_no_name_gets_that_of_its_upload(client: Client) -> None:
    picture = client.upload(BUS, "IMG 7.jpg")
    del picture["orig_name"]
    assert downloads(client, picture).found["VOC"]["download"] == "IMG 7.xml"


def test_a_name_that_no_file_system_takes_is_told(client: Client) -> None:
    picture = client.upload(BUS) | {"orig_name": "x" * 300 + ".jpg"}
    status, *_, links = client.call(event(client.url, "detect-downloads"), picture, *CONTROLS)
    assert "The name of this file has 304 letters; a file system takes at most 255." in status
    assert links == ""


def test_the_annotated_picture_is_stored_under_a_name_that_is_served(client: Client) -> None:
    for name in ("50%25 #1?.jpg", "a+b;c=d@.jpg", "\N{WOMAN}\u200d\N{GIRL}.jpg"):
        picture = client.upload(BUS) | {"orig_name": name}
        *_, annotated, _, html = client.call(
            event(client.url, "detect-downloads"), picture, *CONTROLS
        )
        saved = httpx.get(f"{client.url}/{Links(html).found['Picture']['href']}").content
        assert cv2.imdecode(np.frombuffer(saved, np.uint8), cv2.IMREAD_COLOR) is not None
        assert httpx.get(annotated["url"]).content == saved


def test_a_picture_that_browsers_cannot_show_answers_in_its_own_name(client: Client) -> None:
    bgr = cv2.imdecode(np.frombuffer(BUS, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    tiff = client.upload(cv2.imencode(".tiff", bgr)[1].tobytes(), "IMG 0001.tiff")
    [image] = json.loads(downloads(client, tiff).content("COCO"))["images"]
    assert image["file_name"] == "IMG 0001.tiff"


@pytest.mark.parametrize(
    "controls",
    [
        ("yolo-vitrine", 0.25, 0.7, [], 0, 0),
        ("yolo11n", 0.4, 0.6, ["person", "bus"], 0, 0),
        ("yolo11n", 0.3, 0.5, [], 320, 0),
    ],
)
def test_the_script_gives_the_boxes_of_the_page(
    client: Client, controls: tuple[Any, ...], tmp_path: Path
) -> None:
    picture = client.upload(BUS, "my bus.jpg")
    *_, html = client.call(event(client.url, "detect-downloads"), picture, *controls)
    links = Links(html)
    script = links.content("Python · HTTP").decode()
    (tmp_path / "my bus.jpg").write_bytes(BUS)
    shown = json.loads(links.content("JSON"))["boxes"]
    assert len(shown) >= 3
    line = script.splitlines()[0].removeprefix("# ")
    for command in ([sys.executable, "-c", script], ["bash", "-c", f"{line} --silent"]):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        found = json.loads(ran.stdout)["boxes"]
        assert [{key: box[key] for key in found[0]} for box in shown] == found
