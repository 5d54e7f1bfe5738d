"""Exports of a batch, read back by other people's readers."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from faster_coco_eval import COCO
from numpy.typing import NDArray
from PIL import Image as pil
from torchvision.datasets import VOCDetection
from ultralytics.data.utils import verify_image_label

from demo import tasks
from demo.batch.export.exporter import Exporter, all_formats, chosen_formats, formats_of
from demo.batch.pictures import LeftOut
from demo.batch.run import BatchAnswer, Step
from demo.batch.sinks import FolderSink, ZipSink
from demo.errors import DemoError
from demo.images.limits import Limits
from demo.results import Detections, Result, Scores
from tests.support.batches import answer, picture
from tests.support.masks import blobs, segments, whole
from tests.support.photos import save
from tests.support.poses import persons
from tests.support.turned import fleet

SIZE = (320, 240)
LABELS = ("person", "traffic light", "=1+1", "貓")


def boxes(count: int, seed: int = 0) -> Detections:
    dice = np.random.default_rng(seed)
    corners = np.sort(dice.uniform(0, 1, (count, 2, 2)), axis=1) * SIZE
    return Detections(
        corners.reshape(-1, 4).astype(np.float32),
        np.linspace(0.95, 0.5, count).astype(np.float32),
        dice.integers(0, len(LABELS), count),
        LABELS,
        SIZE,
    )


RESULTS: dict[str, list[Result]] = {
    "detect": [boxes(5, 1), Detections.empty(LABELS, SIZE), boxes(3, 2)],
    "segment": [segments(blobs(4, SIZE, 1), LABELS), segments(blobs(2, SIZE, 2), LABELS)],
    "pose": [persons(3, SIZE, (0, 5)), persons(0, SIZE), persons(1, SIZE)],
    "obb": [fleet(6, 1), fleet(0), fleet(3, 2)],
    "classify": [
        Scores(np.array([0.1, 0.6, 0.3, 0], np.float32), LABELS),
        Scores(np.array([0.1, 0.2, 0.7, 0], np.float32), LABELS, known=False),
    ],
}
NAMES = ("a/cat.png", "b/cat.png", "=cmd.png")


def answers(tmp_path: Path, task: str) -> list[BatchAnswer]:
    """An answer for each result of a task, about pictures with the names of `NAMES`."""
    made = []
    for i, result in enumerate(RESULTS[task]):
        file = tmp_path / f"{i}"
        file.write_bytes(picture(i, SIZE))
        made.append(answer(file, NAMES[i], task, result))
    return made


def export(steps: Sequence[Step], task: str, out: Path, *formats: str, **values: Any) -> Path:
    """The folder with an export of these answers; IoU 1 keeps every box."""
    out.mkdir()
    spec = next(step.spec for step in steps if isinstance(step, BatchAnswer))
    asked = {"iou": 1.0, "confidence": 0.1, **values} if task != "classify" else values
    query = tasks.find(task).parse(spec, asked)
    chosen = chosen_formats(tasks.find(task), formats)
    with Exporter(spec, query, chosen, FolderSink(out), Limits()) as exporter:
        for step in steps:
            exporter.add(step)
        exporter.finish()
    return out


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def pixels(path: Path) -> NDArray[np.uint8]:
    """As trainers read a picture: BGR."""
    read = cv2.imread(str(path))
    assert read is not None
    return read.astype(np.uint8)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_formats_follow_from_the_task() -> None:
    offered = {task.name: [one.name for one in formats_of(task)] for task in tasks.all_tasks()}
    everything = ["coco", "yolo", "voc", "csv", "json", "annotated"]
    assert offered == {
        "classify": ["csv", "json", "annotated"],
        "detect": everything,
        "segment": everything,
        "pose": everything,
        "obb": ["coco", "yolo", "csv", "json", "annotated"],
        "generate": [],
    }


@pytest.mark.parametrize("task", RESULTS)
def test_a_task_has_the_parts_that_it_declares(task: str) -> None:
    """And no other, so that no writer lacks one and none is forgotten."""
    owner, result = tasks.find(task), RESULTS[task][0]
    query = owner.parse(answer_spec(task), {})
    parts = owner.parts(result, query)
    made = {"coco": parts.coco, "yolo": parts.yolo, "voc": parts.voc, "csv": parts.table}
    assert {name for name, part in made.items() if part} == set(owner.data_sets)
    assert set(owner.data_sets) <= {one.name for one in all_formats()}


def answer_spec(task: str) -> Any:
    from tests.support.batches import spec

    return spec(task, RESULTS[task][0].labels)


def test_an_unsuitable_format_is_refused_with_those_that_suit() -> None:
    with pytest.raises(DemoError, match="annotated, csv, json"):
        chosen_formats(tasks.find("classify"), ["yolo"])


@pytest.mark.parametrize("task", ["detect", "segment", "pose", "obb"])
def test_coco_is_one_file_that_its_readers_load(tmp_path: Path, task: str) -> None:
    steps = answers(tmp_path, task)
    out = export(steps, task, tmp_path / "out", "coco")
    assert files(out) == ["coco.json"]
    data = COCO(str(out / "coco.json"))
    counts = [len(result) for result in RESULTS[task]]  # type: ignore[arg-type]
    assert [image["file_name"] for image in data.loadImgs(data.getImgIds())] == [
        step.name for step in steps
    ]
    assert [len(data.getAnnIds(imgIds=[i])) for i in data.getImgIds()] == counts
    assert sorted(data.getAnnIds()) == list(range(1, sum(counts) + 1))
    labels = RESULTS[task][0].labels
    assert [(one["id"], one["name"]) for one in data.loadCats(data.getCatIds())] == list(
        enumerate(labels, 1)
    )


def test_masks_in_coco_are_those_of_the_answers(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "segment"), "segment", tmp_path / "out", "coco")
    data = COCO(str(out / "coco.json"))
    for number, result in enumerate(RESULTS["segment"], 1):
        assert isinstance(result, Detections)
        assert result.masks is not None
        masks = result.masks.runs()
        for i, one in enumerate(data.loadAnns(data.getAnnIds(imgIds=[number]))):
            assert np.array_equal(data.annToMask(one).astype(bool), whole(masks, i))


def test_keypoints_in_coco_are_those_of_the_answers(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "pose"), "pose", tmp_path / "out", "coco")
    data = json.loads((out / "coco.json").read_text("utf-8"))
    assert [one["num_keypoints"] for one in data["annotations"]] == [15, 15, 15, 17]
    assert len(data["categories"][0]["keypoints"]) == 17


@pytest.mark.parametrize(("task", "numbers"), [("detect", 5), ("pose", 56), ("obb", 9)])
def test_yolo_pairs_pictures_and_labels(tmp_path: Path, task: str, numbers: int) -> None:
    out = export(answers(tmp_path, task), task, tmp_path / "out", "yolo")
    stems = ["=cmd", "a__cat", "b__cat"]
    assert files(out) == sorted(
        ["data.yaml", *(f"images/{s}.png" for s in stems), *(f"labels/{s}.txt" for s in stems)]
    )
    for stem, result in zip(("a__cat", "b__cat", "=cmd"), RESULTS[task], strict=True):
        lines = (out / f"labels/{stem}.txt").read_text().splitlines()
        assert len(lines) == len(result)  # type: ignore[arg-type]
        assert {len(line.split()) for line in lines} <= {numbers}
    assert (out / "images/a__cat.png").read_bytes() == picture(0, SIZE)


def test_yolo_says_how_many_keypoints_there_are(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "pose"), "pose", tmp_path / "out", "yolo")
    text = (out / "data.yaml").read_text()
    assert "kpt_shape: [17, 3]\n" in text
    assert "flip_idx: [0, 2, 1," in text


@pytest.mark.parametrize(("task", "keypoints"), [("detect", 0), ("segment", 0), ("pose", 17)])
def test_ultralytics_reads_every_label_file(tmp_path: Path, task: str, keypoints: int) -> None:
    out = export(answers(tmp_path, task), task, tmp_path / "out", "yolo")
    for image in (out / "images").iterdir():
        label = out / "labels" / f"{image.stem}.txt"
        dims = 3 if keypoints else 0
        classes = len(RESULTS[task][0].labels)
        pair = (str(image), str(label), "", bool(keypoints), classes, keypoints, dims, False)
        _, boxes_read, shape, *_, corrupt, message = verify_image_label(pair)
        assert (corrupt, message) == (0, "")
        assert shape == SIZE[::-1]
        assert len(boxes_read) == len(label.read_text().splitlines())


def test_voc_is_read_by_torchvision_and_equal_within_a_pixel(tmp_path: Path) -> None:
    steps = answers(tmp_path, "detect")
    root = tmp_path / "VOCdevkit"
    root.mkdir()
    export(steps, "detect", root / "VOC2012", "voc")
    read = VOCDetection(str(tmp_path), image_set="val")
    assert len(read) == 3
    for (image, target), step in zip(read, steps, strict=True):
        result = step.prediction.result
        assert isinstance(result, Detections)
        assert image.size == SIZE
        found = target["annotation"].get("object", [])
        corners = [
            [int(one["bndbox"][k]) for k in ("xmin", "ymin", "xmax", "ymax")] for one in found
        ]
        assert [one["name"] for one in found] == [LABELS[i] for i in result.class_ids]
        # VOC counts from 1, and its last pixel belongs to the box.
        edges = np.array(corners, float).reshape(-1, 4) - (1, 1, 0, 0)
        assert np.abs(edges - result.xyxy).max(initial=0) <= 1


def test_csv_begins_with_the_picture_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "detect"), "detect", tmp_path / "out", "csv")
    table = rows((out / "answers.csv").read_text("utf-8"))
    assert next(iter(table[0])) == "picture"
    assert [row["picture"] for row in table] == ["a/cat.png"] * 5 + ["'=cmd.png"] * 3
    assert {row["label"] for row in table} <= {"person", "traffic light", "'=1+1", "貓"}


def test_csv_of_masks_has_their_areas_also_behind_a_picture_without_any(tmp_path: Path) -> None:
    steps = answers(tmp_path, "segment")
    nothing = answer(steps[0].picture.path, "0.png", "segment", Detections.empty(LABELS, SIZE))
    out = export([nothing, *steps], "segment", tmp_path / "out", "csv")
    table = rows((out / "answers.csv").read_text("utf-8"))
    first = RESULTS["segment"][0]
    assert isinstance(first, Detections)
    assert first.masks is not None
    assert [int(row["area"]) for row in table[:4]] == first.masks.runs().areas().tolist()
    assert len(table) == 6


def test_csv_of_a_classifier_has_the_best_labels_and_whether_they_are_known(
    tmp_path: Path,
) -> None:
    out = export(answers(tmp_path, "classify"), "classify", tmp_path / "out", "csv", top_k=2)
    table = [tuple(row.values()) for row in rows((out / "answers.csv").read_text("utf-8"))]
    assert table == [
        ("a/cat.png", "traffic light", "0.600000", "1"),
        ("a/cat.png", "'=1+1", "0.300000", "1"),
        ("b/cat.png", "'=1+1", "0.700000", "0"),
        ("b/cat.png", "traffic light", "0.200000", "0"),
    ]


def test_csv_of_poses_passes_over_a_picture_without_persons(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "pose"), "pose", tmp_path / "out", "csv")
    table = rows((out / "answers.csv").read_text("utf-8"))
    assert [row["picture"] for row in table] == ["a/cat.png"] * 3 + ["'=cmd.png"]
    assert all(len(row) == 10 + 3 * 17 for row in table)


def test_json_is_a_list_of_the_answers_of_the_api(tmp_path: Path) -> None:
    first, second, third = answers(tmp_path, "detect")
    left = LeftOut("x.txt", DemoError("image_empty"))
    out = export([first, left, second, third], "detect", tmp_path / "out", "json")
    data = json.loads((out / "answers.json").read_text("utf-8"))
    assert [one["picture"] for one in data] == ["a/cat.png", "x.txt", "b/cat.png", "=cmd.png"]
    assert data[1] == {"picture": "x.txt", "error": str(left.error)}
    assert [len(one["boxes"]) for one in data if "boxes" in one] == [5, 0, 3]
    assert data[0]["size_wh"] == list(SIZE)
    assert data[0]["timing_ms"]["decode"] == 1.0


@pytest.mark.parametrize("task", RESULTS)
def test_annotated_pictures_are_drawn_on(tmp_path: Path, task: str) -> None:
    out = export(answers(tmp_path, task), task, tmp_path / "out", "annotated")
    drawn = pixels(out / "annotated/a__cat.jpg")
    plain = pixels(tmp_path / "0")
    assert drawn.shape == plain.shape
    assert np.abs(drawn.astype(int) - plain).max() > 100


def test_pictures_of_one_stem_get_files_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(picture(0, SIZE))
    names = ("cat.png", "cat.jpg", "CAT.png", "cat (2).png")
    steps = [answer(file, name, "detect", boxes(2, i)) for i, name in enumerate(names)]
    out = export(steps, "detect", tmp_path / "out", "yolo")
    stems = ["cat", "cat (2)", "CAT (3)", "cat (2) (2)"]
    assert sorted(p.stem for p in (out / "images").iterdir()) == sorted(stems)
    first = [(out / f"labels/{stem}.txt").read_text().split()[1] for stem in stems]
    assert len(set(first)) == 4


def test_what_trainers_read_otherwise_is_written_as_its_pixels(tmp_path: Path) -> None:
    """A GIF, a turned PNG and a turned JPEG: boxes fit the upright first frame."""
    dice = np.random.default_rng(0)
    upright = pil.fromarray(dice.integers(0, 255, (240, 320, 3), np.uint8))
    exif = pil.Exif()
    exif[274] = 6
    lying = upright.transpose(pil.Transpose.ROTATE_90)
    contents = {
        "a.gif": save(upright.convert("P"), "GIF"),
        "b.png": save(lying, "PNG", exif=exif),
        "c.jpg": save(lying, "JPEG", exif=exif, quality=95),
        "d.jpg": save(upright, "JPEG", quality=95),
    }
    steps = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        steps.append(answer(tmp_path / name, name, "detect", boxes(2)))
    out = export(steps, "detect", tmp_path / "out", "yolo", "voc")
    assert files(out / "images") == ["a.png", "b.png", "c.jpg", "d.jpg"]
    assert files(out / "JPEGImages") == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    for name in ("c.jpg", "d.jpg"):
        assert (out / "images" / name).read_bytes() == contents[name]
    assert (out / "JPEGImages/d.jpg").read_bytes() == contents["d.jpg"]
    for path in (*(out / "images").iterdir(), *(out / "JPEGImages").iterdir()):
        assert pixels(path).shape == (240, 320, 3)
    for path in (out / "JPEGImages").iterdir():
        with pil.open(path) as image:  # as torchvision, which does not turn
            assert image.size == SIZE


def test_equal_answers_give_equal_files(tmp_path: Path) -> None:
    """Also in a ZIP, whose entries have a fixed date; and both hold the same."""
    steps = answers(tmp_path, "detect")
    names = [one.name for one in all_formats()]
    archives = []
    for i in range(2):
        with zipfile.ZipFile(tmp_path / f"{i}.zip", "w") as archive:
            spec = steps[0].spec
            query = tasks.find("detect").parse(spec, {"iou": 1.0, "confidence": 0.1})
            formats = chosen_formats(tasks.find("detect"), names)
            with Exporter(spec, query, formats, ZipSink(archive), Limits()) as exporter:
                for step in steps:
                    exporter.add(step)
                exporter.finish()
        archives.append((tmp_path / f"{i}.zip").read_bytes())
    assert archives[0] == archives[1]
    out = export(steps, "detect", tmp_path / "out", *names)
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        assert sorted(archive.namelist()) == files(out)
        assert all(archive.read(name) == (out / name).read_bytes() for name in files(out))


def test_the_query_filters_what_is_written(tmp_path: Path) -> None:
    out = export(answers(tmp_path, "detect"), "detect", tmp_path / "out", "voc", confidence=0.9)
    found = ElementTree.parse(out / "Annotations/a__cat.xml").findall("object")
    assert len(found) == int((boxes(5, 1).scores >= 0.9).sum()) == 1


def test_a_picture_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    steps = answers(tmp_path, "detect")
    steps[0].picture.path.unlink()
    with pytest.raises(DemoError) as caught:
        export(steps, "detect", tmp_path / "out", "yolo")
    assert caught.value.key == "batch_unreadable"
    with pytest.raises(DemoError) as caught:
        export(steps, "detect", tmp_path / "out2", "annotated")
    assert caught.value.key == "batch_unreadable"
