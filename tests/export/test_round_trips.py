"""What is exported and read back by other people's readers is the answer, under its own name."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import supervision
from faster_coco_eval import COCO
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PillowImage
from ultralytics.data.utils import img2label_paths, verify_image_label

from demo.export import formats
from demo.export.files import File, detection_files
from demo.export.names import file_name
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Detections

F = TypeVar("F", bound=np.floating)

LABELS = ("person", "traffic light", "貓", "no")
URL = "http://127.0.0.1:7860"
HUNDREDTH, MILLIONTH = 0.005001, 0.0000005001
"""Half a step of the last decimal, and a little for the sums of the reader."""

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=20,
).map(lambda own: f"_{own}.png")


def sizes(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(10, most), st.integers(10, most))


@st.composite
def answers(draw: st.DrawFn, most: int = 8192) -> Detections:
    """Boxes of a picture: any edges within it, on whole pixels, at the border, hardly a width."""
    width, height = draw(sizes(most))

    def edges(side: int) -> tuple[float, float]:
        place = st.one_of(
            st.integers(0, side),
            st.floats(0, side, width=32),
            st.sampled_from([0, side, side - 1e-4, 1e-4]),
        )
        low, high = sorted((draw(place), draw(place)))
        return low, high

    boxes = []
    for _ in range(draw(st.integers(0, 6))):
        (x0, x1), (y0, y1) = edges(width), edges(height)
        boxes.append((x0, y0, x1, y1))
    return detections(boxes, (width, height))


def detections(boxes: Sequence[Sequence[float]], size_wh: tuple[int, int]) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(count, 4),
        np.linspace(0.1, 1, count, dtype=np.float32),
        np.arange(count) % len(LABELS),
        LABELS,
        size_wh,
    )


def at_least(xyxy: NDArray[np.float32], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far an edge may be off beyond rounding: a box narrower than a step is made one wide."""
    thin = ((xyxy[:, 2:] - xyxy[:, :2]) < 1.5 * step) * step
    return np.concatenate([thin, thin], axis=1)


@given(answers())
@example(
    detections([[0, 138, 80, 208], [444, 998, 534, 1080], [1828, 710, 1920, 814]], (1920, 1080))
)
@example(detections([[1920, 1080, 1920, 1080], [0, 0, 0, 0], [640, 0, 640, 1080]], (1920, 1080)))
def test_every_edge_of_a_yolo_box_is_inside_the_picture(found: Detections) -> None:
    """As albumentations reads it: low = centre - size / 2, high = low + size, no tolerance below 0.

    Every box has an area. In float32 too, in which trainers keep labels.
    """
    lines = [line.split() for line in formats.yolo_txt(found).splitlines()]
    rows: NDArray[np.float64] = np.array(lines, np.float64).reshape(-1, 5)
    assert rows[:, 0].tolist() == found.class_ids.tolist()
    edges_inside(rows[:, 1:].astype(np.float32))
    back = edges_inside(rows[:, 1:]) * (found.size_wh * 2)
    off = np.abs(back - found.xyxy) - at_least(found.xyxy, 1e-6 * np.array(found.size_wh))
    assert (off <= MILLIONTH * np.array(found.size_wh * 2)).all()


def edges_inside(cxcywh: NDArray[F]) -> NDArray[F]:
    """N×4 centres and sizes → corners, all checked to be within 0–1 and apart."""
    centre, size = cxcywh[:, :2], cxcywh[:, 2:]
    low, high = centre - size / 2, centre + size / 2
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low + size <= 1 + np.finfo(cxcywh.dtype).eps).all()
    assert (size > 0).all()
    return np.concatenate([low, high], axis=1)


@given(answers())
@example(detections([[1279.995, 0, 1280, 719.995], [1280, 720, 1280, 720]], (1280, 720)))
@example(detections([[0.006, 0.006, 1919.996, 1079.996]], (1920, 1080)))
def test_every_coco_box_is_inside_the_picture(found: Detections) -> None:
    data = json.loads(formats.to_json(formats.coco(found, "x.png")))
    width, height = found.size_wh
    for note, xyxy, mistake in zip(
        data["annotations"],
        found.xyxy.astype(float),
        at_least(found.xyxy, np.array([0.01, 0.01])),
        strict=True,
    ):
        left, top, w, h = note["bbox"]
        assert 0 <= left < left + w <= width + 1e-9
        assert 0 <= top < top + h <= height + 1e-9
        assert (np.abs([left, top, left + w, top + h] - xyxy) <= HUNDREDTH + mistake).all()
        assert note["score"] == pytest.approx(found.scores[note["id"] - 1], abs=5.1e-7)
        assert (
            data["categories"][note["category_id"] - 1]["name"]
            == found.labels[found.class_ids[note["id"] - 1]]
        )


@given(answers())
def test_every_voc_box_has_whole_pixels_of_the_picture(found: Detections) -> None:
    root = ElementTree.fromstring(formats.voc_xml(found, "x.png"))
    width, height = found.size_wh
    assert len(root.findall("object")) == len(found)
    for thing, xyxy, class_id in zip(
        root.iter("object"), found.xyxy.tolist(), found.class_ids, strict=True
    ):
        x0, y0, x1, y1 = (
            int(str(thing.findtext(f"bndbox/{side}"))) for side in ("xmin", "ymin", "xmax", "ymax")
        )
        assert 1 <= x0 <= x1 <= width
        assert 1 <= y0 <= y1 <= height
        assert thing.findtext("name") == found.labels[class_id]
        # A box of less than a pixel becomes the pixel that it is in or beside.
        for low, high, edges in ((x0, x1, xyxy[::2]), (y0, y1, xyxy[1::2])):
            slack = 0.5 if edges[1] - edges[0] >= 1 else 1
            assert abs(low - 1 - edges[0]) <= slack
            assert abs(high - edges[1]) <= slack


@given(answers())
def test_every_number_of_a_csv_file_is_rounded_once(found: Detections) -> None:
    rows = list(csv.DictReader(io.StringIO(formats.detections_csv(found), newline="")))
    assert [row["label"] for row in rows] == [found.labels[i] for i in found.class_ids]
    sides = found.xyxy[:, 2:].astype(float) - found.xyxy[:, :2]
    for row, xyxy, wh in zip(rows, found.xyxy.astype(float), sides, strict=True):
        numbers = [row[key] for key in ("x0", "y0", "x1", "y1", "width", "height")]
        assert not any(number.startswith("-") for number in numbers)
        off = np.abs(np.array(numbers, float) - [*xyxy, *wh])
        assert (off <= HUNDREDTH + 1e-7 * np.array(found.size_wh * 3)).all()


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Detections]:
    """Pictures whose names differ in one character, each with its exports in one data set."""
    stems = ["IMG 1", "IMG-1", "IMG (1)", "IMG_1", "IMG 1 ", "IMG  1", "a&b", "街景 1", "100%"]
    stems += [
        "😀",
        "é",
        "e\u0301",
        "a.b.c",
        "x" * 70,
        "x" * 71,
        "con",
        "a:b",
        "a\\b",
        "👩‍👧",
        "Img 1",
    ]
    root = tmp_path_factory.mktemp("set")
    (root / "images").mkdir()
    answers: dict[str, Detections] = {}
    for number, own in enumerate(stems):
        name = f"{own}.png"
        size_wh = (60 + number, 40)
        boxes = [(number, 3, number + 10.25, 30.5), (0, 0, *size_wh)]
        answers[str(root / "images" / name)] = found = detections(boxes, size_wh)
        picture = np.zeros((*size_wh[::-1], 3), np.uint8)
        (root / "images" / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        for file in detection_files(found, {"model": "m"}, URL, None, name):
            unpack(file, root)
    return answers


def unpack(file: File, root: Path) -> None:
    """Put the label files of a download where a data set has them."""
    if file.mime == "application/zip":
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            archive.extractall(root)
    elif file.title == "VOC":
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / file.name).write_bytes(file.content)


def test_every_picture_of_a_set_has_a_label_file_of_its_own(
    several: dict[str, Detections],
) -> None:
    root = Path(next(iter(several))).parents[1]
    assert len(list((root / "labels").iterdir())) == len(several)
    assert len(list((root / "Annotations").iterdir())) == len(several)


def test_ultralytics_reads_the_labels_of_every_picture(several: dict[str, Detections]) -> None:
    for picture, text in zip(several, img2label_paths(list(several)), strict=True):
        check_with_ultralytics(picture, text, several[picture])


def check_with_ultralytics(picture: str, text: str, found: Detections) -> None:
    _, rows, shape, _, _, missing, is_found, empty, corrupt, message = verify_image_label(
        (picture, text, "", False, len(found.labels), 0, 2, False)
    )
    assert (missing, is_found, empty, corrupt) == (0, 1, int(not len(found)), 0), message
    width, height = found.size_wh
    assert tuple(shape) == (height, width)
    assert len(rows) <= len(found)  # equal lines are one label to it
    back = supervision.xcycwh_to_xyxy(rows[:, 1:].astype(float) * (found.size_wh * 2))
    thin = at_least(found.xyxy, 1e-6 * np.array(found.size_wh))
    for xyxy, class_id in zip(back, rows[:, 0], strict=True):
        off = np.abs(found.xyxy - xyxy) - thin
        same = found.class_ids == class_id
        # The reader keeps its numbers in float32, whose steps are 6e-8.
        assert (off[same] <= (MILLIONTH + 1.2e-7) * np.array(found.size_wh * 2)).all(axis=1).any()


def test_supervision_reads_the_labels_of_every_picture(several: dict[str, Detections]) -> None:
    root = Path(next(iter(several))).parents[1]
    yolo = supervision.DetectionDataset.from_yolo(
        str(root / "images"), str(root / "labels"), str(root / "data.yaml")
    )
    voc = supervision.DetectionDataset.from_pascal_voc(
        str(root / "images"), str(root / "Annotations")
    )
    assert yolo.classes == list(LABELS)
    for data, off in ((yolo, 1e-4), (voc, 0.5)):
        assert sorted(data.annotations) == sorted(several)
        for picture, read in data.annotations.items():
            np.testing.assert_allclose(read.xyxy, several[picture].xyxy, atol=off)
            wanted = [LABELS[i] for i in several[picture].class_ids]
            assert [data.classes[i] for i in read.class_id] == wanted


@settings(max_examples=25)
@given(st.dictionaries(NAMES, answers(most=64), min_size=1, max_size=3))
def test_a_set_of_any_names_and_boxes_reads_back(answers: dict[str, Detections]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "images").mkdir()
        for given_name, found in answers.items():
            name = file_name(given_name)
            picture = root / "images" / name
            picture.write_bytes(
                cv2.imencode(".png", np.zeros((*found.size_wh[::-1], 3), np.uint8))[1].tobytes()
            )
            files = {f.title: f for f in detection_files(found, {"model": "m"}, URL, None, name)}
            unpack(files["YOLO"], root)
            coco = root / "coco.json"
            coco.write_bytes(files["COCO"].content)
            read = COCO(str(coco))
            assert [image["file_name"] for image in read.dataset["images"]] == [name]
            assert (root / "images" / read.dataset["images"][0]["file_name"]).is_file()
        assert len(list((root / "labels").iterdir())) == len(answers)
        for given_name, found in answers.items():
            path = str(root / "images" / file_name(given_name))
            check_with_ultralytics(path, img2label_paths([path])[0], found)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_and_its_labels_have_one_size(orientation: int, tmp_path: Path) -> None:
    """The boxes are of the upright photo, which trainers load turned by its EXIF tag as well."""
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / f"IMG {orientation}.jpg"
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    PillowImage.new("RGB", (64, 48)).save(path, exif=exif)
    height, width = decode(path.read_bytes(), Limits()).rgb.shape[:2]
    assert (width, height) == ((64, 48) if orientation < 5 else (48, 64))
    found = detections([[width - 10, height - 10, width, height]], (width, height))
    for file in detection_files(found, {"model": "m"}, URL, None, path.name):
        unpack(file, tmp_path)
    check_with_ultralytics(str(path), img2label_paths([str(path)])[0], found)
