"""Contracts of every task, and what each decides."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo import tasks
from demo.errors import DemoError
from demo.i18n import known
from demo.inference.catalog import Catalog
from demo.models.spec import UnknownRule
from demo.results import Detections, GeneratedImages, Image, Result, Scores
from demo.settings import Settings
from demo.tasks.base import AnyTask
from tests.support.masks import run_lengths
from tests.support.poses import persons
from tests.support.turned import fleet, turned

CATALOG = Catalog(Settings(cache_dir=Path("/nonexistent"), offline=True))
LABELS = ("cat", "dog", "cow")


def grey() -> Image:
    return np.full((60, 80, 3), 128, np.uint8)


def scores() -> Scores:
    return Scores(np.array([0.2, 0.7, 0.1], np.float32), LABELS, known=False)


def detections() -> Detections:
    xyxy = np.array([[0, 0, 20, 20], [1, 1, 20, 20], [30, 30, 50, 50]], np.float32)
    confidences = np.array([0.9, 0.8, 0.3], np.float32)
    return Detections(xyxy, confidences, np.array([0, 0, 1]), LABELS, (80, 60))


def segments() -> Detections:
    """The boxes with their whole insides as masks, but for the second, whose mask is empty."""
    found = detections()
    pixels = np.zeros((3, 60, 80), np.bool_)
    for i, (x0, y0, x1, y1) in enumerate(found.xyxy.astype(int).tolist()):
        pixels[i, y0:y1, x0:x1] = i != 1
    return replace(found, masks=run_lengths(pixels))


RESULTS: Mapping[str, Result] = {
    "classify": scores(),
    "detect": detections(),
    "segment": segments(),
    "pose": persons(2, (80, 60)),
    "obb": fleet(3, size_wh=(80, 60)),
    "generate": GeneratedImages(np.zeros((2, 8, 8, 3), np.uint8)),
}


@pytest.mark.parametrize("task", tasks.all_tasks(), ids=lambda task: task.name)
class TestEveryTask:
    def test_its_names_are_visible_and_unique(self, task: AnyTask) -> None:
        assert known(task.title)
        assert tasks.find(task.name) is task
        assert not task.takes_pictures or (task.summary and task.returns and task.model_doc)

    def test_the_defaults_of_its_endpoint_are_valid(self, task: AnyTask) -> None:
        spec = next(spec for spec in CATALOG.specs() if spec.task == task.name)
        query = task.parse(spec, {field.name: field.default for field in task.fields})
        assert query == task.parse(spec, {})
        assert query.size is None

    def test_a_frame_is_drawn_on_a_copy(self, task: AnyTask) -> None:
        image = grey()
        drawn = task.draw_frame(image, RESULTS[task.name])
        assert drawn is not image
        assert (image == 128).all()

    def test_the_timeline_has_a_value_a_label(self, task: AnyTask) -> None:
        result = RESULTS[task.name]
        assert task.timeline_values(result).shape == (len(result.labels),)
        assert task.occurrences(result).shape == (len(result.labels),)

    def test_its_boxes_are_those_it_promises(self, task: AnyTask) -> None:
        assert (task.detections(RESULTS[task.name]) is not None) == task.finds_boxes


def test_every_model_has_its_task() -> None:
    for spec in CATALOG.specs():
        assert tasks.find(spec.task).name == spec.task


def test_an_unknown_task_is_one_sentence() -> None:
    with pytest.raises(DemoError, match="classify"):
        tasks.find("teleport")


class TestClassify:
    task = tasks.find("classify")

    def test_the_best_labels_come_first(self) -> None:
        spec = CATALOG.spec("resnet50")
        facts = self.task.facts(spec, scores(), self.task.parse(spec, {"top_k": 2}))
        labels = [{"label": "dog", "score": 0.7}, {"label": "cat", "score": 0.2}]
        assert facts == {"labels": labels, "known": False, "known_by": None}
        assert self.task.occurrences(scores()).tolist() == [0, 1, 0]

    def test_the_check_is_stated_with_what_it_lacks(self) -> None:
        spec = CATALOG.spec("cnn-cifar10")
        query = self.task.parse(spec, {})
        for missing in ("", "helper==1.0"):
            rule = UnknownRule("energy", 1.0, 2.0, 0.04, 3, 4, missing=missing)
            facts = self.task.facts(replace(spec, unknown=rule), scores(), query)
            assert facts["known_by"] == {
                "method": "energy",
                "false_alarm": 0.04,
                "caught": 3,
                "foreign": 4,
                "missing_package": missing or None,
            }

    @pytest.mark.parametrize("top_k", [0, 1001, 1.5, "5", None, float("nan")])
    def test_a_wrong_number_is_one_sentence(self, top_k: Any) -> None:
        with pytest.raises(DemoError, match="top_k"):
            self.task.parse(CATALOG.spec("resnet50"), {"top_k": top_k})


class TestDetect:
    task = tasks.find("detect")

    def refined(self, model: str, **values: object) -> Detections:
        spec = CATALOG.spec(model)
        query = self.task.parse(spec, values)
        refined: Detections = self.task.refine(spec, detections(), query)
        return refined

    def test_duplicates_go_only_where_the_head_makes_them(self) -> None:
        assert len(self.refined("yolo11n")) == 2
        assert len(self.refined("yolo11n", iou=0.99)) == 3
        assert len(self.refined("yolo26n-nmsfree")) == 3

    def test_confidence_filters_without_the_network(self) -> None:
        assert len(self.refined("yolo26n-nmsfree", confidence=0.5)) == 2

    def test_rows_name_the_track(self) -> None:
        rows = self.task.rows(detections(), np.array([4, 0, 5]))
        assert [row["track"] for row in rows] == [4, None, 5]
        assert rows[0]["xyxy"] == [0.0, 0.0, 20.0, 20.0]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("confidence", 0),
            ("iou", -1),
            ("classes", ["unicorn"]),
            ("size", 50),
            ("line_width", 21),
        ],
    )
    def test_a_wrong_value_is_one_sentence(self, name: str, value: object) -> None:
        with pytest.raises(DemoError, match=name):
            self.task.parse(CATALOG.spec("yolo11n"), {name: value})


class TestSegment:
    task = tasks.find("segment")
    spec = CATALOG.spec("yolo11n-seg")

    def refined(self, **values: object) -> Detections:
        query = self.task.parse(self.spec, values)
        refined: Detections = self.task.refine(self.spec, segments(), query)
        return refined

    def test_boxes_without_a_pixel_go_and_duplicates_before_them(self) -> None:
        assert self.refined().scores.tolist() == pytest.approx([0.9, 0.3])
        assert self.refined(iou=0.99).scores.tolist() == pytest.approx([0.9, 0.3])
        assert len(self.refined(confidence=0.5)) == 1
        assert len(self.refined(classes=["dog"])) == 1

    def test_each_box_has_its_mask_in_json(self) -> None:
        facts = self.task.facts(self.spec, self.refined(), self.task.parse(self.spec, {}))
        boxes: Any = facts["boxes"]
        assert [row["mask"]["area"] for row in boxes] == [400, 400]
        [[*corners]] = boxes[1]["mask"]["polygons"]
        assert sorted(corners) == [[30, 30], [30, 50], [50, 30], [50, 50]]
        assert boxes[1]["xyxy"] == [30.0, 30.0, 50.0, 50.0]

    def test_masks_are_drawn_on_a_copy_without_outlines(self) -> None:
        image = grey()
        drawn = self.task.draw(image, self.refined(), self.task.parse(self.spec, {}))
        assert drawn is not None
        assert (image == 128).all()
        assert (drawn[40, 30:50] != 128).any(axis=1).all()
        assert (drawn[55:, :] == 128).all()

    def test_rows_of_a_frame_name_track_and_area_and_have_no_polygons(self) -> None:
        rows = self.task.rows(segments(), np.array([4, 0, 5]))
        assert [(row["track"], row["area"]) for row in rows] == [(4, 400), (None, 0), (5, 400)]
        assert "mask" not in rows[0]

    def test_boxes_of_a_stream_keep_their_number(self) -> None:
        kept = self.task.with_detections(segments(), segments()[np.array([1, 2])])
        assert kept.masks is not None
        assert kept.masks.runs().areas().tolist() == [0, 400]

    def test_a_mask_is_explained_by_its_box(self) -> None:
        found = segments()
        assert [name for _, name in self.task.targets(found)] == ["1", "2", "3"]
        target = self.task.target(self.spec, found, "2")
        assert target.xyxy == tuple(found.xyxy[1].tolist())
        assert target.class_id == found.class_ids[1]

    @pytest.mark.parametrize(
        ("name", "value"), [("confidence", 0), ("iou", 2), ("classes", ["unicorn"]), ("size", 50)]
    )
    def test_a_wrong_value_is_one_sentence(self, name: str, value: object) -> None:
        with pytest.raises(DemoError, match=name):
            self.task.parse(self.spec, {name: value})


class TestPose:
    task = tasks.find("pose")
    spec = CATALOG.spec("yolo11n-pose")

    def test_confidence_filters_and_duplicates_go_with_their_keypoints(self) -> None:
        one = persons(1, (80, 60))
        twice = replace(
            persons(2, (80, 60)), xyxy=np.concatenate([one.xyxy, one.xyxy - np.float32(1)])
        )
        query = self.task.parse(self.spec, {})
        assert self.task.refine(self.spec, twice, query).keypoints.shape == (1, 17, 3)
        loose = self.task.parse(self.spec, {"iou": 0.99})
        assert self.task.refine(self.spec, twice, loose).keypoints.shape == (2, 17, 3)
        strict = self.task.parse(self.spec, {"iou": 0.99, "confidence": 0.5})
        assert len(self.task.refine(self.spec, twice, strict)) == 1

    def test_each_box_has_its_keypoints_in_json_and_in_a_frame(self) -> None:
        found = persons(2, (80, 60))
        facts = self.task.facts(self.spec, found, self.task.parse(self.spec, {}))
        boxes: Any = facts["boxes"]
        assert [len(box["keypoints"]) for box in boxes] == [17, 17]
        assert boxes[1]["keypoints"][0] == {"name": "nose", "score": 0.9, "xy": [60.0, 6.0]}
        rows = self.task.rows(found, np.array([0, 7]))
        assert [row["track"] for row in rows] == [None, 7]
        assert rows[0]["keypoints"] == boxes[0]["keypoints"]

    def test_skeletons_are_drawn(self) -> None:
        found = persons(1, (80, 60))
        drawn = self.task.draw(grey(), found, self.task.parse(self.spec, {}))
        assert drawn is not None
        x, y = found.keypoints[0, 13, :2].astype(int)
        assert drawn[y, x].tolist() != [128, 128, 128]

    def test_nothing_of_it_is_explained(self) -> None:
        assert self.task.targets(persons(1, (80, 60))) == []
        with pytest.raises(DemoError) as caught:
            self.task.target(self.spec, persons(1, (80, 60)), "")
        assert caught.value.key == "explain_no_gradients"


class TestObb:
    task = tasks.find("obb")
    spec = replace(CATALOG.spec("yolo11n-obb"), labels=("plane", "ship"))
    found = turned([[40, 30, 30, 10, 0.4], [41, 30, 30, 10, 0.4], [40, 30, 30, 10, 1.9]], (80, 60))

    def refined(self, **values: object) -> list[float]:
        query = self.task.parse(self.spec, values)
        angles: list[float] = self.task.refine(self.spec, self.found, query).xywhr[:, 4].tolist()
        return angles

    def test_only_boxes_turned_alike_are_duplicates(self) -> None:
        assert self.refined() == pytest.approx([0.4, 1.9])
        assert self.refined(iou=0.99) == pytest.approx([0.4, 0.4, 1.9])
        assert self.refined(confidence=0.7) == pytest.approx([0.4])
        assert self.refined(classes=["ship"]) == []

    def test_each_box_has_its_corners_in_json_and_in_a_frame(self) -> None:
        facts = self.task.facts(self.spec, self.found, self.task.parse(self.spec, {}))
        boxes: Any = facts["boxes"]
        assert boxes[0]["xywhr"] == [40.0, 30.0, 30.0, 10.0, 0.4]
        assert [len(box["corners"]) for box in boxes] == [4, 4, 4]
        rows = self.task.rows(self.found, np.array([0, 7, 2]))
        assert [row["track"] for row in rows] == [None, 7, 2]

    def test_turned_boxes_are_drawn(self) -> None:
        drawn = self.task.draw(grey(), self.found, self.task.parse(self.spec, {}))
        assert drawn is not None
        assert (drawn != 128).any()
        captioned = self.task.draw_frame(grey(), self.found, np.array([1, 2, 3]))
        assert (captioned != self.task.draw_frame(grey(), self.found)).any()


class IndexedOnly(tuple[str, ...]):
    """Labels that may be looked up one by one, as many as a model may have of them."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all labels were gone through for one frame")

    def __add__(self, other: object) -> "IndexedOnly":
        raise AssertionError("a list of labels was made for one frame")

    __mul__ = __add__


def test_a_frame_with_tracks_costs_nothing_for_the_labels_that_are_not_in_it() -> None:
    found = detections()
    labels = IndexedOnly(LABELS)
    many = Detections(found.xyxy, found.scores, found.class_ids, labels, found.size_wh)
    task = tasks.find("detect")
    ids = np.array([3, 0, 7])
    drawn = task.draw_frame(grey(), many, ids)
    assert [row["label"] for row in task.rows(many, ids)] == ["cat", "cat", "dog"]
    np.testing.assert_array_equal(drawn, task.draw_frame(grey(), found, ids))
    assert (drawn != task.draw_frame(grey(), found)).any()
