"""Learning from a teacher: what it says is heard, where it says it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from demo.lab.data.boxed_photos import Photo
from demo.lab.publish.detector import offered, without
from demo.lab.recipe import DetectorRecipe, find_recipe
from demo.lab.training.detector import STATE, train_detector
from demo.lab.training.distillation import UNSEEN, Teacher, criterion, follow, survey
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO

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


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks on a busy machine lose more by waiting for each other than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


def test_the_teacher_speaks_the_students_labels(weights: Path) -> None:
    scores, boxes = Teacher(weights, "yolo11n", LABELS)(torch.rand(2, 3, SIDE, SIDE))
    places = sum((SIDE // stride) ** 2 for stride in (8, 16, 32))
    assert scores.shape == (2, places, 3)
    assert float(scores[..., 0].max()) == 0.0  # COCO has no faces
    assert float(scores[..., 1].min()) > 0.8 > float(scores[..., 2].max())
    torch.testing.assert_close(boxes.sum(3), torch.ones(2, places, 4))


def test_what_the_teacher_sees_becomes_the_wish(weights: Path) -> None:
    model, sample = student(), batch([2])
    loss = criterion(model, Teacher(weights, "yolo11n", LABELS), LABELS)
    total, _ = loss(model(sample["img"]), sample)
    wished = loss.raised.wished
    assert float(wished[..., 1].min()) > 0.8
    assert float(wished[0, :, 2].max()) > float(wished[1, :, 2].max())  # the boxed dog
    assert torch.isfinite(total).all()
    total.sum().backward()
    gradient = model.model[-1].cv3[0][2].bias.grad
    assert float(gradient[1]) < 0 < float(gradient[0])  # more person, less of what nobody sees


def test_a_face_nobody_boxed_counts_little(weights: Path) -> None:
    model, sample = student(), batch([0])
    loss = criterion(model, Teacher(weights, "yolo11n", LABELS), LABELS)
    loss(model(sample["img"]), sample)
    weight = loss.weighed.weight
    assert float(weight[0].min()) == 1.0
    assert weight[1, :, 0].unique().tolist() == pytest.approx([UNSEEN])
    assert float(weight[1, :, 1:].min()) == 1.0


def test_a_students_box_moves_towards_the_teachers(weights: Path) -> None:
    teacher, model = Teacher(weights, "yolo11n", LABELS), student()
    stride = model.stride
    pixels = batch([])["img"]
    seen, boxes = teacher(pixels)
    raw = {k: v.detach() for k, v in model(pixels).items() if k != "feats"} | {
        "feats": [v.detach() for v in model(pixels)["feats"]]
    }
    away = follow(raw, seen.amax(2), boxes, stride)
    same = raw | {"boxes": boxes.clamp(min=1e-9).log().flatten(2).permute(0, 2, 1)}
    there = follow(same, seen.amax(2), boxes, stride)
    assert float(there[0]) == pytest.approx(0.0, abs=1e-4)
    assert float(there[0]) < float(away[0])
    assert float(there[1]) < float(away[1])
    silent = follow(raw, torch.zeros_like(seen[..., 0]), boxes, stride)
    assert [float(part) for part in silent] == [0.0, 0.0]


def test_a_survey_is_kept_for_the_same_photos(weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((50, 80, 3), 90, np.uint8)).save(path)
    photo, kept = Photo(path, "a.png", (), ()), tmp_path / "survey.json"
    teacher = Teacher(weights, "yolo11n", LABELS)
    [row] = survey(teacher, [photo], SIDE, kept)
    assert row[1] > 0.8
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"best": [[0, 0.5, 0]]}))
    assert survey(teacher, [photo], SIDE, kept) == [[0, 0.5, 0]]
    assert survey(teacher, [photo, photo], SIDE, kept) == [row, row]


@pytest.mark.filterwarnings("default")
def test_a_training_goes_on_from_another_and_hears_its_teacher(
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
    steps = list(train_detector(small, tmp_path / "data", tmp_path / "run", 1, False, 1))
    assert np.isfinite(steps[-1].loss)
    listed = (tmp_path / "run" / "photos" / "train.txt").read_text().split()
    assert len(listed) == 2 * len(set(listed))
    ended = load_file(tmp_path / "run" / STATE)
    first = "model.0.conv.weight"
    moved = (ended[first].float() - started[first]).abs().mean()
    fresh = ultralytics.build("yolo11n", 3).state_dict()[first]
    assert 0 < float(moved) < float((ended[first].float() - fresh).abs().mean()) / 3


def test_a_class_that_nobody_finds_is_cut_out() -> None:
    row = {"ap50_95": 0.1}
    found = {
        "one": {"per_class": {"face": row | {"ap50": 0.9, "boxes": 5}}},
        "two": {
            "per_class": {
                "person": row | {"ap50": 0.19, "boxes": 50},
                "dog": row | {"ap50": 1.0, "boxes": 2},
                "face": row | {"ap50": 0.0, "boxes": 9},
            }
        },
    }
    assert offered(found, LABELS) == ("face",)
    torch.manual_seed(0)
    whole, small = ultralytics.build("yolo11n", 3), ultralytics.build("yolo11n", 2)
    small.load_state_dict(without(whole.state_dict(), LABELS, ("face", "dog")))
    pixels = torch.rand(1, 3, SIDE, SIDE)
    with torch.inference_mode():
        before, after = whole.eval()(pixels)[0], small.eval()(pixels)[0]
    torch.testing.assert_close(after, before[:, [0, 1, 2, 3, 4, 6]])
