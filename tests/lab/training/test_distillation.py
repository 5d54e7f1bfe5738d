"""Distillation: the teacher's answers become targets, at the anchors where it gives them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from demo.lab.cards.detector import ClassPrecision, DetectorScores
from demo.lab.cards.facts import Estimate
from demo.lab.data.boxed_photos import Photo
from demo.lab.options import TrainOptions
from demo.lab.publish.detector import keep_classes, published_labels
from demo.lab.recipe import DetectorRecipe, find_recipe
from demo.lab.training.detector import STATE, train_detector
from demo.lab.training.distillation import (
    UNBOXED_FACE_WEIGHT,
    RawPrediction,
    Teacher,
    box_losses,
    distillation_loss,
)
from demo.lab.training.teacher_scores import best_scores
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("face", "person", "dog")
SIDE = 64


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher with random weights that is sure of a person everywhere."""
    torch.manual_seed(0)
    state = ultralytics.build("yolo11n", len(COCO)).state_dict()
    for key in state:
        if ".cv3." in key and key.endswith(".2.bias"):
            state[key][COCO.index("person")] = 3.0
    file = tmp_path_factory.mktemp("teacher") / "yolo11n.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, file)
    return file


def student() -> Any:
    from ultralytics.cfg import get_cfg

    model = ultralytics.build("yolo11n", len(LABELS))
    model.args = get_cfg()
    return model.train()


def batch(labels: list[int]) -> dict[str, torch.Tensor]:
    """Two pictures; the boxes lie in the first one."""
    return {
        "img": torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)),
        "cls": torch.tensor(labels, dtype=torch.float32).view(-1, 1),
        "bboxes": torch.tensor([[0.5, 0.5, 0.4, 0.4]] * len(labels)).view(-1, 4),
        "batch_idx": torch.zeros(len(labels)),
    }


def test_the_teacher_answers_for_the_students_labels(weights: Path) -> None:
    scores, boxes = Teacher(weights, "yolo11n", LABELS)(torch.rand(2, 3, SIDE, SIDE))
    anchors = sum((SIDE // stride) ** 2 for stride in (8, 16, 32))
    assert scores.shape == (2, anchors, 3)
    assert float(scores[..., 0].max()) == 0.0  # COCO has no faces
    assert float(scores[..., 1].min()) > 0.8 > float(scores[..., 2].max())
    torch.testing.assert_close(boxes.sum(3), torch.ones(2, anchors, 4))


def test_the_teachers_scores_become_class_targets(weights: Path) -> None:
    model, sample = student(), batch([2])
    loss = distillation_loss(model, Teacher(weights, "yolo11n", LABELS), LABELS)
    total, _ = loss(model(sample["img"]), sample)
    targets = loss.targets.class_targets
    assert float(targets[..., 1].min()) > 0.8
    assert float(targets[0, :, 2].max()) > float(targets[1, :, 2].max())  # the boxed dog
    assert torch.isfinite(total).all()
    total.sum().backward()  # type: ignore[no-untyped-call]
    gradient = model.model[-1].cv3[0][2].bias.grad
    # More of the person, less of the class without targets.
    assert float(gradient[1]) < 0 < float(gradient[0])


def test_an_unboxed_face_has_a_low_weight(weights: Path) -> None:
    model, sample = student(), batch([0])
    loss = distillation_loss(model, Teacher(weights, "yolo11n", LABELS), LABELS)
    loss(model(sample["img"]), sample)
    weight = loss.class_loss.weight
    assert float(weight[0].min()) == 1.0
    weights_of_faces = weight[1, :, 0].unique()  # type: ignore[no-untyped-call]
    assert weights_of_faces.tolist() == pytest.approx([UNBOXED_FACE_WEIGHT])
    assert float(weight[1, :, 1:].min()) == 1.0


def test_the_box_losses_vanish_at_the_teachers_boxes(weights: Path) -> None:
    teacher, model = Teacher(weights, "yolo11n", LABELS), student()
    stride = model.stride
    pixels = batch([])["img"]
    scores, boxes = teacher(pixels)
    answer = model(pixels)
    raw: RawPrediction = {
        "boxes": answer["boxes"].detach(),
        "scores": answer["scores"].detach(),
        "feats": [grid.detach() for grid in answer["feats"]],
    }
    away = box_losses(raw, scores.amax(2), boxes, stride)
    same: RawPrediction = {
        **raw,
        "boxes": boxes.clamp(min=1e-9).log().flatten(2).permute(0, 2, 1),
    }
    there = box_losses(same, scores.amax(2), boxes, stride)
    assert float(there[0]) == pytest.approx(0.0, abs=1e-4)
    assert float(there[0]) < float(away[0])
    assert float(there[1]) < float(away[1])
    silent = box_losses(raw, torch.zeros_like(scores[..., 0]), boxes, stride)
    assert [float(part) for part in silent] == [0.0, 0.0]


def test_best_scores_are_stored_for_the_same_photos(weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((50, 80, 3), 90, np.uint8)).save(path)
    photo, cache_file = Photo(path, "a.png", (), ()), tmp_path / "scores.json"
    teacher = Teacher(weights, "yolo11n", LABELS)
    [row] = best_scores(teacher, [photo], SIDE, cache_file)
    assert row[1] > 0.8
    cache_file.write_text(json.dumps(json.loads(cache_file.read_text()) | {"best": [[0, 0.5, 0]]}))
    assert best_scores(teacher, [photo], SIDE, cache_file) == [[0, 0.5, 0]]
    assert best_scores(teacher, [photo, photo], SIDE, cache_file) == [row, row]


@pytest.mark.filterwarnings("default")
def test_a_training_starts_from_another_run_and_uses_its_teacher(
    weights: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data" / "toys"
    (data / "images").mkdir(parents=True)
    for i in range(24):
        pixels = np.random.default_rng(i).integers(0, 255, (60, 60, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(data / "images" / f"{i}.png")
    lines = [f"{i}.png,10,10,40,40,dog\n" for i in range(24)]
    (data / "boxes.csv").write_text("file,x0,y0,x1,y1,class\n" + "".join(lines))
    recipe = find_recipe("yolo-vitrine")
    assert isinstance(recipe, DetectorRecipe)
    small = replace(
        recipe, datasets=("toys",), labels=LABELS, imgsz=SIDE, sizes=((1.0, SIDE),), batch=4
    )
    small = replace(small, teacher=str(weights), start="first", repeats=(("dog", 2),))
    (tmp_path / "first").mkdir()
    started = {k: v.contiguous() for k, v in ultralytics.build("yolo11n", 3).state_dict().items()}
    save_file(started, tmp_path / "first" / STATE)
    options = TrainOptions(tmp_path / "run", 1, data=tmp_path / "data", cache=tmp_path / "cache")
    steps = list(train_detector(small, options))
    assert np.isfinite(steps[-1].loss)
    listed = (tmp_path / "run" / "photos" / "train.txt").read_text().split()
    assert len(listed) == 2 * len(set(listed))
    ended = load_file(tmp_path / "run" / STATE)
    first = "model.0.conv.weight"
    moved = (ended[first].float() - started[first]).abs().mean()
    fresh = ultralytics.build("yolo11n", 3).state_dict()[first]
    assert 0 < float(moved) < float((ended[first].float() - fresh).abs().mean()) / 3


def scores(**classes: tuple[float, int]) -> DetectorScores:
    """Made-up scores: label → (AP50, number of true boxes)."""
    mean = Estimate(value=0.5, low=0.4, high=0.6, n=10)
    rows = {
        label: ClassPrecision(ap50=ap50, ap50_95=0.1, boxes=boxes)
        for label, (ap50, boxes) in classes.items()
    }
    return DetectorScores(map50=mean, map50_95=mean, per_class=rows)


def test_a_class_that_is_hardly_found_is_removed() -> None:
    found = {
        "one": scores(face=(0.9, 5)),
        "two": scores(person=(0.19, 50), dog=(1.0, 2), face=(0.0, 9)),
    }
    assert published_labels(found, LABELS) == ("face",)
    torch.manual_seed(0)
    whole, small = ultralytics.build("yolo11n", 3), ultralytics.build("yolo11n", 2)
    small.load_state_dict(keep_classes(whole.state_dict(), LABELS, ("face", "dog")))
    pixels = torch.rand(1, 3, SIDE, SIDE)
    with torch.inference_mode():
        before, after = whole.eval()(pixels)[0], small.eval()(pixels)[0]
    torch.testing.assert_close(after, before[:, [0, 1, 2, 3, 4, 6]])
