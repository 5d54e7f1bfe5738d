"""Detectors learn on a pretrained backbone, and only what their photos can teach."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from demo.lab.data.boxed_photos import Photo
from demo.lab.detect import detect
from demo.lab.evaluation.detector import count_false_positives
from demo.lab.evaluation.networks import load_detector
from demo.lab.options import TrainOptions
from demo.lab.recipe import DetectorRecipe, find_recipe
from demo.lab.runs import TrainingRun
from demo.lab.training.detection_batches import (
    Batch,
    Canvas,
    Example,
    anchor_points,
    batch_of,
    mosaic,
    single,
)
from demo.lab.training.detection_epochs import repeats
from demo.lab.training.detection_loss import detection_loss
from demo.lab.training.detection_targets import Targets, targets_of
from demo.lab.training.detector import STATE, pretrained, train_detector
from demo.lab.training.frozen_start import FrozenStart, freeze_start, raw_prediction, set_training
from demo.lab.training.moving_average import Average
from demo.lab.training.teacher_boxes import merged
from demo.models.coco import LABELS as COCO
from demo.models.yolo import LITE
from demo.results import Detections

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("person", "face", "license plate", "car", "bus", "truck", "dog")
NOTHING = np.zeros((0, 5), np.float32)


def small_recipe() -> DetectorRecipe:
    recipe = find_recipe("yolo-vitrine")
    assert isinstance(recipe, DetectorRecipe)
    sizes = ((0.5, 64), (0.5, 96))
    return replace(
        recipe, datasets=("vehicles",), imgsz=96, sizes=sizes, batch=4, pictures=8, ending=1
    )


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    """24 photos of one bright square each, called a car; and what the teachers say of them."""
    random = np.random.default_rng(0)
    folder = tmp_path / "data" / "vehicles"
    (folder / "images").mkdir(parents=True)
    said = {}
    with (folder / "boxes.csv").open("w", newline="") as table:
        for i in range(24):
            image = random.integers(0, 90, (80, 100, 3)).astype(np.uint8)
            x, y = (int(v) for v in random.integers(5, 40, 2))
            image[y : y + 30, x : x + 40] = 230
            Image.fromarray(image).save(folder / "images" / f"{i}.png")
            csv.writer(table).writerow([f"{i}.png", x, y, x + 40, y + 30, "car"])
            said[f"vehicles/images/{i}.png"] = [["person", 0.9, [1.0, 1.0, 20.0, 30.0]]]
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "teacher-boxes.json").write_text(json.dumps(said))
    return tmp_path / "data"


def photo(boxes: dict[str, tuple[float, float, float, float]], *complete: str) -> Photo:
    corners, labels = tuple(boxes.values()), tuple(boxes)
    return Photo(Path("1.png"), "1.png", corners, labels, complete=frozenset(complete))


class TestTargets:
    def test_a_sure_box_of_the_teachers_counts_where_nobody_labelled_the_class(self) -> None:
        said = [("person", 0.9, (0.0, 0.0, 10.0, 10.0)), ("person", 0.3, (50.0, 0.0, 60.0, 10.0))]
        targets = targets_of(photo({}, "dog"), said, LABELS)
        assert targets.boxes.tolist() == [[0, 0, 0, 10, 10]]
        assert [0, 50, 0, 60, 10] in targets.ignored.tolist()

    def test_it_does_not_count_where_people_labelled_the_class(self) -> None:
        said = [("person", 0.9, (0.0, 0.0, 10.0, 10.0))]
        targets = targets_of(photo({}, "person", "face"), said, LABELS)
        assert len(targets.boxes) == len(targets.ignored) == 0

    def test_a_persons_word_stands_against_the_teachers(self) -> None:
        said = [("car", 0.9, (0.0, 0.0, 10.0, 9.0))]
        targets = targets_of(photo({"bus": (0.0, 0.0, 10.0, 10.0)}), said, LABELS)
        assert [int(row[0]) for row in targets.boxes] == [LABELS.index("bus")]
        assert LABELS.index("car") in targets.ignored[:, 0]

    def test_unlabelled_faces_and_plates_are_ignored_in_people_and_vehicles(self) -> None:
        boxes = {"person": (0.0, 0.0, 9.0, 9.0), "car": (20.0, 0.0, 60.0, 20.0)}
        ignored = targets_of(photo(boxes, "person", "car"), [], LABELS).ignored
        assert {(LABELS[int(row[0])], row[1]) for row in ignored} == {
            ("face", 0.0),
            ("license plate", 20.0),
        }

    def test_the_one_plate_of_a_car_is_all_there_is(self) -> None:
        boxes = {"license plate": (30.0, 10.0, 40.0, 14.0)}
        said = [("car", 0.9, (20.0, 0.0, 60.0, 20.0)), ("car", 0.9, (80.0, 0.0, 99.0, 20.0))]
        ignored = targets_of(photo(boxes, "license plate"), said, LABELS).ignored
        plates = ignored[ignored[:, 0] == LABELS.index("license plate")]
        assert plates[:, 1].tolist() == [80.0]


class TestTeachers:
    def found(self, *rows: tuple[str, float, tuple[float, ...]]) -> Detections:
        return Detections(
            np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
            np.array([row[1] for row in rows], np.float32),
            np.array([COCO.index(row[0]) for row in rows], np.int64),
            COCO,
            (100, 100),
        )

    def test_what_both_see_is_surer_than_what_one_sees_alone(self) -> None:
        one = self.found(("dog", 0.6, (0, 0, 10, 10)), ("cat", 0.6, (50, 50, 70, 70)))
        other = self.found(("dog", 0.6, (0, 0, 10, 12)))
        (first, surer, box), (second, less_sure, _) = merged([one, other])
        assert (first, second) == ("dog", "cat")
        assert surer == pytest.approx(0.9)
        assert less_sure == pytest.approx(0.48)
        assert box == pytest.approx((0, 0, 10, 11))


class TestBatches:
    def example(self) -> Example:
        image = np.zeros((60, 80, 3), np.uint8)
        image[20:40, 30:60] = 255
        return Example(image, Targets(np.array([[3, 30, 20, 60, 40]], np.float32), NOTHING))

    @pytest.mark.parametrize("seed", range(12))
    def test_boxes_stay_on_their_things(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        examples = [self.example() for _ in range(4)]
        for canvas, targets in (
            single(examples[0], Canvas(96, (0.5, 1.4)), rng),
            mosaic(examples, 96, rng),
        ):
            bright = canvas.min(axis=2) > 200
            covered = np.zeros_like(bright)
            for _, x0, y0, x1, y1 in np.concatenate([targets.boxes, targets.ignored]).round():
                covered[int(y0) : int(y1), int(x0) : int(x1)] = True
                inside = bright[int(y0) : int(y1), int(x0) : int(x1)]
                assert inside.size == 0 or inside.mean() > 0.7
            assert (bright & ~covered).sum() < 0.15 * bright.sum() + 40

    def test_ignored_places_become_anchors(self) -> None:
        image = np.zeros((64, 64, 3), np.uint8)
        everywhere = np.array([[1, 0, 0, 64, 64]], np.float32)
        batch = batch_of(
            [Example(image, Targets(NOTHING, everywhere))], [[0]], Canvas(64, (0.5, 1.4)), 3, 0
        )
        assert batch.pixels.shape == (1, 3, 64, 64)
        assert batch.ignored.shape == (1, len(anchor_points(64)), 3)
        assert batch.ignored[0, :, 1].any()
        assert not batch.ignored[0, :, [0, 2]].any()

    def test_rare_classes_are_shown_more_often(self) -> None:
        def one(label: int) -> Example:
            return Example(
                np.zeros((4, 4, 3), np.uint8),
                Targets(np.array([[label, 0, 0, 1, 1]], np.float32), NOTHING),
            )

        shown = repeats([*(one(0) for _ in range(999)), one(1)], 2)
        assert shown[0] == 1
        assert shown[-1] == 4


class TestLoss:
    def test_an_ignored_class_is_neither_right_nor_wrong(self) -> None:
        torch.manual_seed(0)
        model = pretrained(2)
        freeze_start(model)
        set_training(model)
        loss = detection_loss(model)
        pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
        boxes = torch.tensor([[0, 0, 0.5, 0.5, 0.4, 0.4]])
        raw = raw_prediction(model, FrozenStart(model.backbone), pixels)
        scores = raw["scores"].detach().requires_grad_()
        for ignores in (False, True):
            mask = torch.zeros(2, scores.shape[-1], 2, dtype=torch.bool)
            mask[..., 1] = ignores
            given = {**raw, "boxes": raw["boxes"].detach(), "scores": scores}
            total, _ = loss(given, Batch(pixels, boxes, mask))
            (gradient,) = torch.autograd.grad(total, scores)
            assert bool((gradient[:, 1] == 0).all()) is ignores
            assert bool((gradient[:, 0] != 0).any())


def test_the_frozen_start_gives_the_maps_of_the_backbone() -> None:
    model = pretrained(2).eval()
    pixels = torch.randint(0, 256, (6, 3, 64, 64), dtype=torch.uint8)
    start = FrozenStart(model.backbone)
    with torch.no_grad():
        wanted = model.backbone(pixels.float() * (1 / 128) - 127 / 128)[0]
    torch.testing.assert_close(start(pixels), wanted, rtol=1e-3, atol=1e-3)


def test_the_average_follows_the_weights() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(layer.weight)
    average = Average(layer)
    torch.nn.init.ones_(layer.weight)
    values = []
    for _ in range(500):
        average.update(layer)
        values.append(float(average.state_of(layer)["weight"]))
    assert values == sorted(values)
    assert 0.5 < values[-1] <= 1


@pytest.mark.filterwarnings("default")
def test_an_interrupted_training_resumes_and_its_state_loads(toys: Path, tmp_path: Path) -> None:
    recipe, run = small_recipe(), tmp_path / "run"
    options = TrainOptions(run, 2, data=toys, cache=tmp_path / "cache")
    first = train_detector(recipe, options)
    assert next(first).epoch == 1
    del first
    with safe_open(run / STATE, framework="pt") as file:
        assert file.metadata() == {"epoch": "1"}
    rest = list(train_detector(recipe, replace(options, resume=True)))
    assert {progress.epoch for progress in rest} == {2}
    with safe_open(run / STATE, framework="pt") as file:
        assert file.metadata() == {"epoch": "2"}
    assert not (run / STATE).read_bytes().startswith(b"\x80")  # no pickle
    stem = "backbone.stem.0.weight"
    original = pretrained(len(recipe.labels)).state_dict()[stem]
    torch.testing.assert_close(load_file(run / STATE)[stem], original.half())
    model = load_detector(run / STATE, LITE, recipe.labels)
    found = detect(model, np.full((80, 100, 3), 60, np.uint8), 64, recipe.labels)
    assert found.size_wh == (100, 80)
    assert found.labels == recipe.labels
    photos = [Photo(toys / "vehicles" / "images" / "0.png", "images/0.png", (), ())]
    counts = count_false_positives(model, photos, 64, recipe.labels)
    assert counts.n == 1 >= counts.above_25 >= counts.above_50


def test_it_trains_and_stops_in_a_process_of_its_own(toys: Path, tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "run", 1000, data=toys, cache=tmp_path / "cache")
    with TrainingRun.start(small_recipe(), options) as run:
        steps = iter(run)
        first = next(steps)
        run.stop()
        last = [first, *steps][-1]
    assert first.epoch == 1
    assert last.epoch < 1000
    with safe_open(tmp_path / "run" / STATE, framework="pt") as file:
        assert int(file.metadata()["epoch"]) >= last.epoch
