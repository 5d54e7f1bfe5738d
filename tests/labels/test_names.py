"""Class names in Chinese: which there are, and that the labels stay what programs read."""

import json
from pathlib import Path

import numpy as np
import pytest

from demo.drawing.detections import draw_detections
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.labels.names import display_names, labels_of, localized, with_display
from demo.models import imagenet
from demo.models.coco import LABELS
from demo.results import Detections, Scores
from demo.settings import Settings
from demo.tasks.detect import TASK

FILES = sorted((Path(__file__).parents[2] / "demo" / "labels").glob("*.txt"))
SPECS = {spec.name: spec for spec in Catalog(Settings()).specs()}
OF_FILE = {
    "caltech101": SPECS["photo-101"].labels,
    "cifar10": SPECS["resnet9-cifar10"].labels,
    "coco": LABELS,
    "dota": SPECS["yolo11n-obb"].labels,
    "imagenet": tuple(imagenet.labels()),
    "vitrine": SPECS["yolo-vitrine"].labels,
}
BOX = Detections(
    np.array([[40, 60, 200, 220]], np.float32),
    np.ones(1, np.float32),
    np.array([5]),
    LABELS,
    (320, 240),
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_is_a_class_and_its_two_names(file: Path) -> None:
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    assert {len(row) for row in rows} == {3}
    assert all(cell == cell.strip() != "" for row in rows for cell in row)
    labels = [row[0] for row in rows]
    assert labels == [label for label in OF_FILE[file.stem] if label in set(labels)]


def test_all_classes_but_some_of_imagenet_have_names() -> None:
    for name, labels in OF_FILE.items():
        for locale in ("zh-CN", "zh-TW"):
            shown = display_names(labels, locale)
            kept = [a for a, b in zip(labels, shown, strict=True) if a == b and a != "iPod"]
            assert len(kept) == 0 if name != "imagenet" else 0 < len(kept) < 40
            assert len(set(shown)) == len(labels)


def test_one_word_has_the_meaning_of_its_vocabulary() -> None:
    flying, bird = LABELS.index("kite"), imagenet.labels().index("kite")
    assert display_names(LABELS, "zh-CN")[flying] == "风筝"
    assert display_names(tuple(imagenet.labels()), "zh-CN")[bird] == "鸢"


def test_english_and_unknown_labels_stay() -> None:
    assert display_names(LABELS, "en") is LABELS
    assert display_names(("gizmo", "dog"), "zh-TW") == ("gizmo", "狗")


def test_a_result_is_shown_by_names_and_keeps_its_own() -> None:
    scores = Scores(np.array([0.9, 0.1], np.float32), ("cat", "dog"))
    assert localized(scores, "zh-CN").top(1)[0][0] == "猫"
    assert scores.top(1)[0][0] == "cat"
    assert localized(BOX, "zh-TW").counts() == {"公車": 1}
    assert localized(BOX, "en") is BOX


def test_the_json_of_an_answer_keeps_the_label_beside_the_name() -> None:
    facts = {"model": "m", "boxes": [{"label": "bus", "score": 1.0}], "size_wh": [1, 2]}
    shown = with_display(facts, LABELS, "zh-CN")
    assert shown["boxes"] == [{"label": "bus", "display": "公共汽车", "score": 1.0}]
    assert shown["size_wh"] == [1, 2]
    assert with_display(facts, LABELS, "en") is facts
    assert "display" not in json.dumps(facts)


def test_a_filter_takes_names_in_any_language() -> None:
    spec = SPECS["yolo11n"]
    query = TASK.parse(spec, {"classes": ["公共汽车", "person", "腳踏車"]})
    assert query.classes == ("bus", "person", "bicycle")
    with pytest.raises(DemoError) as raised:
        TASK.parse(spec, {"classes": ["飞碟"]})
    assert raised.value.key == "unknown_name"
    assert labels_of([1, "猫"], LABELS) == [1, "cat"]


def test_the_name_is_drawn_in_chinese() -> None:
    """OpenCV's own font has the characters: plates differ from each other and from boxes."""
    grey = np.full((240, 320, 3), 128, np.uint8)
    plates = {
        text: draw_detections(grey, localized(BOX, text), show_scores=False)[:60]
        for text in ("en", "zh-CN", "zh-TW")
    }
    for one in plates.values():
        assert (one != 128).any()
    assert not np.array_equal(plates["zh-CN"], plates["zh-TW"])
    # A missing glyph is drawn as a question mark.
    marks = BOX.__class__(BOX.xyxy, BOX.scores, BOX.class_ids, ("????",) * 80, BOX.size_wh)
    drawn = draw_detections(grey, marks, show_scores=False)[:60]
    assert not np.array_equal(plates["zh-CN"], drawn)
