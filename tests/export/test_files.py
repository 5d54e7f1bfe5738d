import ast
import io
import json
import zipfile

import numpy as np

from demo.export.files import DetectQuery, detection_files, score_files
from demo.results import Detections, Scores

FOUND = Detections(
    np.array([[10, 20, 110, 220]], np.float32),
    np.array([0.9], np.float32),
    np.array([1]),
    ("貓", "dog"),
    (640, 480),
)
FACTS = {"model": "yolo11n", "boxes": [{"label": "dog", "xyxy": [10, 20, 110, 220]}]}
URL = "http://127.0.0.1:7860"
ASKED = DetectQuery(0.25, 0.7, ("dog",), None)


def test_detection_files() -> None:
    files = detection_files(FOUND, FACTS, URL, ASKED, "../my cat.jpg")
    assert [(f.title, f.name, f.mime) for f in files] == [
        ("JSON", "my cat.json", "application/json"),
        ("CSV", "my cat.csv", "text/csv"),
        ("COCO", "my cat.coco.json", "application/json"),
        ("YOLO", "my cat.yolo.zip", "application/zip"),
        ("VOC", "my cat.xml", "application/xml"),
        ("Python · HTTP", "my cat-http.py", "text/x-python"),
        ("Python", "my cat-local.py", "text/x-python"),
    ]
    content = {f.title: f.content for f in files}
    assert json.loads(content["JSON"]) == FACTS
    assert content["CSV"].decode("utf-8-sig").splitlines()[1].startswith("dog,1,0.9000,10.00")
    assert json.loads(content["COCO"])["annotations"][0]["bbox"] == [10, 20, 100, 200]
    assert content["YOLO"].startswith(b"PK")
    assert b"<xmin>11</xmin>" in content["VOC"]
    assert b"/api/v1/detect'" in content["Python · HTTP"]


def test_a_label_file_that_browsers_would_rename_travels_in_a_zip() -> None:
    """A family of two in one emoji, joined by U+200D, which Chromium replaces in a download."""
    name = "\N{WOMAN}\u200d\N{GIRL}: 1?"
    files = {f.title: f for f in detection_files(FOUND, FACTS, URL, ASKED, f"{name}.png")}
    assert files["YOLO"].name == "\N{WOMAN}_\N{GIRL}_ 1_.yolo.zip"
    assert files["VOC"].name == "\N{WOMAN}_\N{GIRL}_ 1_.voc.zip"
    assert files["VOC"].mime == "application/zip"
    assert members(files["YOLO"].content) == ["data.yaml", f"labels/{name}.txt"]
    assert members(files["VOC"].content) == [f"Annotations/{name}.xml"]
    assert json.loads(files["COCO"].content)["images"][0]["file_name"] == f"{name}.png"


def members(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()


def test_a_csv_file_starts_with_a_byte_order_mark() -> None:
    table = detection_files(FOUND, FACTS, URL)[1].content
    assert table.startswith(b"\xef\xbb\xbflabel,")


def test_a_script_is_only_offered_where_it_gives_the_same_answer() -> None:
    without = [f.title for f in detection_files(FOUND, FACTS, URL)]
    assert without == ["JSON", "CSV", "COCO", "YOLO", "VOC"]
    large = DetectQuery(0.25, 0.7, (), 1280)
    files = detection_files(FOUND, FACTS, URL, large)[5:]
    assert [f.title for f in files] == ["Python · HTTP", "Python"]
    assert b"('size', 1280)," in files[0].content


def test_score_files() -> None:
    scores = Scores(np.array([0.25, 0.75], np.float32), ("貓", "dog"))
    facts = {"model": "cnn", "labels": [{"label": "dog", "score": 0.75}]}
    files = score_files(scores, facts, URL)
    assert [f.name for f in files] == [
        "picture.json",
        "picture.csv",
        "picture-http.py",
        "picture-local.py",
    ]
    content = {f.title: f.content.decode("utf-8-sig") for f in files}
    assert json.loads(content["JSON"]) == facts
    assert content["CSV"] == "label,score\ndog,0.750000\n貓,0.250000\n"
    assert "('top_k', 1)," in content["Python · HTTP"]
    assert "top(1)" in content["Python"]
    for title in ("Python · HTTP", "Python"):
        ast.parse(content[title])
