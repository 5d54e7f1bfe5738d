import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml  # type: ignore[import-untyped]
from faster_coco_eval import COCO
from numpy.typing import NDArray

from demo.export import formats
from demo.results import Detections, Scores
from tests.support.masks import run_lengths

HOSTILE = (
    'say "hi"',
    "<b>&amp;</b>",
    "a,b;c",
    "two\nlines",
    "手機",
    "back\\slash: #{x}",
    "'single'",
    "]]>",
    "人\u2028\x85\x07",
    "😀",
    "- item",
    "no",
    "null",
    "",
)
SIZE_WH = (640, 481)


def found(
    labels: tuple[str, ...] = HOSTILE, masks: NDArray[np.bool_] | None = None, count: int = 14
) -> Detections:
    dice = np.random.default_rng(0)
    low = dice.uniform(0, 400, (count, 2))
    xyxy = np.concatenate([low, low + dice.uniform(0, 80, (count, 2))], axis=1)
    return Detections(
        xyxy.astype(np.float32),
        dice.uniform(0, 1, count).astype(np.float32),
        np.arange(count) % len(labels),
        labels,
        SIZE_WH,
        None if masks is None else run_lengths(masks),
    )


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_coco(tmp_path: Path, data: dict[str, Any]) -> Any:
    path = tmp_path / "coco.json"
    path.write_text(formats.to_json(data), "utf-8")
    return COCO(str(path))


def test_json_reads_back() -> None:
    answer = {"boxes": [{"label": label, "xyxy": [0.5, 1, 2, 3]} for label in HOSTILE]}
    text = formats.to_json(answer)
    assert json.loads(text) == answer
    assert "手機" in text


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        formats.to_json({"score": float("nan")})


def test_csv_reads_back() -> None:
    boxes = found()
    rows = read_csv(formats.detections_csv(boxes))
    expected = [f"'{name}" if name == "- item" else name for name in HOSTILE]
    assert [row["label"] for row in rows] == expected
    assert [int(row["class_id"]) for row in rows] == boxes.class_ids.tolist()
    xyxy = np.array([[float(row[k]) for k in ("x0", "y0", "x1", "y1")] for row in rows])
    np.testing.assert_allclose(xyxy, boxes.xyxy, atol=0.00501)
    sides = np.array([[float(row[k]) for k in ("width", "height")] for row in rows])
    np.testing.assert_allclose(sides, boxes.xyxy[:, 2:] - boxes.xyxy[:, :2], atol=0.00501)
    scores = np.array([float(row["score"]) for row in rows])
    np.testing.assert_allclose(scores, boxes.scores, atol=0.0000501)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\t=", "＝", "＠"])
def test_csv_holds_no_formula(start: str) -> None:
    label = f'{start}HYPERLINK("http://x")'
    scores = Scores(np.array([1.0], np.float32), (label,))
    assert read_csv(formats.scores_csv(scores))[0]["label"] == f"'{label}"
    row = read_csv(formats.detections_csv(found((label,), count=1)))[0]
    assert row["label"] == f"'{label}"


def test_csv_of_scores_is_best_first() -> None:
    scores = Scores(np.array([0.25, 0.5, 0.25], np.float32), ("猫", "a,b", "dog"))
    rows = read_csv(formats.scores_csv(scores))
    assert [(row["label"], float(row["score"])) for row in rows] == [
        ("a,b", 0.5),
        ("猫", 0.25),
        ("dog", 0.25),
    ]


def test_coco_reads_back(tmp_path: Path) -> None:
    boxes = found()
    data = read_coco(tmp_path, formats.coco(boxes, "手機.jpg"))
    image = data.loadImgs([1])[0]
    assert (image["file_name"], image["width"], image["height"]) == ("手機.jpg", *SIZE_WH)
    annotations = data.loadAnns(data.getAnnIds(imgIds=[1]))
    assert [a["id"] for a in annotations] == list(range(1, 15))
    xywh = np.array([a["bbox"] for a in annotations])
    np.testing.assert_allclose(xywh[:, :2], boxes.xyxy[:, :2], atol=0.00501)
    np.testing.assert_allclose(xywh[:, :2] + xywh[:, 2:], boxes.xyxy[:, 2:], atol=0.0101)
    np.testing.assert_allclose([a["area"] for a in annotations], xywh[:, 2] * xywh[:, 3], atol=1)
    names = [data.loadCats([a["category_id"]])[0]["name"] for a in annotations]
    assert names == list(HOSTILE)
    np.testing.assert_allclose([a["score"] for a in annotations], boxes.scores, atol=1e-6)


def test_coco_masks_read_back(tmp_path: Path) -> None:
    dice = np.random.default_rng(1)
    masks = np.zeros((4, SIZE_WH[1], SIZE_WH[0]), bool)
    masks[0] = dice.random(masks.shape[1:]) < 0.5
    masks[1, 0, 0] = True
    masks[2] = True
    data = read_coco(tmp_path, formats.coco(found(masks=masks, count=4), "x.jpg"))
    for mask, annotation in zip(masks, data.loadAnns([1, 2, 3, 4]), strict=True):
        np.testing.assert_array_equal(data.annToMask(annotation), mask)
        assert annotation["area"] == mask.sum()


def test_yolo_reads_back() -> None:
    boxes = found()
    with zipfile.ZipFile(io.BytesIO(formats.yolo_zip(boxes, "bus"))) as archive:
        assert archive.namelist() == ["data.yaml", "labels/bus.txt"]
        names = yaml.safe_load(archive.read("data.yaml"))["names"]
        rows = np.loadtxt(io.BytesIO(archive.read("labels/bus.txt")))
    assert names == dict(enumerate(HOSTILE))
    assert rows[:, 0].tolist() == boxes.class_ids.tolist()
    centre, half = rows[:, 1:3] * SIZE_WH, rows[:, 3:5] * SIZE_WH / 2
    back = np.concatenate([centre - half, centre + half], axis=1)
    np.testing.assert_allclose(back, boxes.xyxy, atol=640e-6)


def test_yolo_lines_have_five_numbers_of_six_decimals() -> None:
    one = Detections(
        np.array([[-10, 0, 320, 481]], np.float32),
        np.array([0.5], np.float32),
        np.array([2]),
        ("a", "b", "c"),
        SIZE_WH,
    )
    assert formats.yolo_txt(one) == "2 0.250000 0.500000 0.500000 1.000000\n"


def test_equal_answers_are_equal_zips() -> None:
    assert formats.yolo_zip(found(), "a") == formats.yolo_zip(found(), "a")


def test_voc_reads_back() -> None:
    boxes = found()
    root = ElementTree.fromstring(formats.voc_xml(boxes, "<&>.jpg"))
    assert root.findtext("filename") == "<&>.jpg"
    assert [root.findtext(f"size/{k}") for k in ("width", "height", "depth")] == ["640", "481", "3"]
    things = root.findall("object")
    expected = [name.replace("\x07", "\ufffd") for name in HOSTILE]
    assert [thing.findtext("name") for thing in things] == expected
    corners = [
        [int(str(thing.findtext(f"bndbox/{k}"))) for k in ("xmin", "ymin", "xmax", "ymax")]
        for thing in things
    ]
    np.testing.assert_allclose(np.array(corners) - [1, 1, 0, 0], boxes.xyxy, atol=1)


def test_voc_counts_pixels_from_one_to_the_last() -> None:
    """A box over the whole picture goes from 1 to its width; an empty one is one pixel."""
    two = Detections(
        np.array([[0, 0, 640, 481], [640, 481, 640, 481]], np.float32),
        np.array([0.5, 0.5], np.float32),
        np.array([0, 0]),
        ("a",),
        SIZE_WH,
    )
    root = ElementTree.fromstring(formats.voc_xml(two, "x.jpg"))
    boxes = [[int(str(side.text)) for side in box] for box in root.iter("bndbox")]
    assert boxes == [[1, 1, 640, 481], [640, 481, 640, 481]]


def test_no_boxes_at_all(tmp_path: Path) -> None:
    nothing = Detections.empty(("cat",), SIZE_WH)
    assert read_csv(formats.detections_csv(nothing)) == []
    assert read_coco(tmp_path, formats.coco(nothing, "x.jpg")).getAnnIds() == []
    assert formats.yolo_txt(nothing) == ""
    assert ElementTree.fromstring(formats.voc_xml(nothing, "x.jpg")).findall("object") == []
